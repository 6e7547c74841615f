import { type ChildProcess, spawn } from 'node:child_process';
import { Resolver } from 'node:dns';
import type { Readable, Writable } from 'node:stream';
import { isPublicAddress } from '../../code/index.ts';
import { fail, WebtaskError } from '../../errors.ts';
import { withPipes } from '../../with-pipes.ts';
import { askResolvers } from './ask-resolvers.ts';
import { NETWORK, type NetworkPolicy } from './policy.ts';
import { machineAddresses, networkRules } from './rules.ts';
import { serveNames } from './serve-names.ts';

/** A process in a network namespace that has nothing yet. */
export interface Attachable {
  /** A process in that namespace, and in the user namespace that owns it. */
  readonly pid: number;
  readonly ended: Promise<unknown>;
  kill(reason: string): void;
}

/** What a network is attached with. */
export interface NetworkSettings {
  readonly policy: Exclude<NetworkPolicy, 'none'>;
  /** The user of the worker, where this process chose one. */
  readonly uid?: number | undefined;
  /** Who knows names, as `dns.getServers()` lists them; those of this machine by default. */
  readonly resolvers?: readonly string[] | undefined;
}

/** A busy machine takes its time, and what hangs must not have the server hang. */
const READY_MS = 10_000;
const RESOLVER_MS = 2000;
/** Connections of a worker, each of which is one in the server's network too, and what is on its way in them. */
const MAX_CONNECTIONS = 512;
const MEMORY_BYTES = 128 << 20;

/**
 * The rules come first: there is no moment at which the worker has a network without them. An address of IPv6 is used
 * at once, without asking whether others have it, since there are none.
 */
const ATTACH = `
pid=$1; shift
nsenter --target "$pid" --user --net --preserve-credentials sh -c '
  echo 0 2>/dev/null >/proc/sys/net/ipv6/conf/default/accept_dad; exec nft --file -' &&
exec prlimit --core=0 --nofile=${MAX_CONNECTIONS} --data=${MEMORY_BYTES} slirp4netns --configure --mtu=65520 \\
  --cidr=${NETWORK} --disable-dns --enable-sandbox --enable-seccomp --ready-fd=3 --exit-fd=4 "$@" "$pid" tap0`;

/**
 * Gives a worker its network, filtered by the kernel. The worker has no capability that could change it; it ends with
 * the worker, and with this process, however that ends.
 *
 * @param worker - it is ended when its network is
 * @throws NETWORK_UNAVAILABLE
 * @see slirp4netns(1), nft(8), nsenter(1)
 *
 * @example
 * await attachNetwork(worker, { policy: 'public', uid: 200_001 });
 */
export async function attachNetwork(
  worker: Attachable,
  { policy, uid, resolvers = new Resolver().getServers() }: NetworkSettings,
): Promise<void> {
  const names = await serveNames(policy, (query) => askResolvers(resolvers, query, RESOLVER_MS));
  const ownAddresses = machineAddresses();
  // Where the machine has none that leads outside, connections would only hang.
  const hasIpv6 = ownAddresses.some((it) => it.includes(':') && (policy === 'all' || isPublicAddress(it)));
  const ipv6 = hasIpv6 ? ['--enable-ipv6'] : [];
  const [command = 'sh', ...args] = [...asUser(uid), 'sh', '-c', ATTACH, 'sh', String(worker.pid), ...ipv6];
  let child: ChildProcess;
  try {
    const stdio = ['pipe', 'ignore', 'pipe', 'pipe', 'pipe'] as const;
    child = withPipes(spawn(command, args, { env: { PATH: toolPath() }, stdio: [...stdio] }));
  } catch (error) {
    names.close();
    return fail('NETWORK_UNAVAILABLE', { policy, reason: (error as Error).message }); // a system error, or its own
  }
  const ended = new Promise<string>((resolve) => {
    child.once('error', ({ message }) => resolve(message)).once('exit', (code, signal) => resolve(`${signal ?? code}`));
  });
  const detach = (): void => {
    child.kill('SIGKILL');
    names.close();
  };
  worker.ended.then(detach);
  const rules = networkRules({ policy, namePort: names.port, ownAddresses });
  const reason = await untilReady(child, rules, ended);
  if (reason !== undefined) {
    detach();
    throw new WebtaskError('NETWORK_UNAVAILABLE', { policy, reason });
  }
  ended.then(() => worker.kill('its network ended'));
}

/** What has a program run as the user of a worker. */
export function asUser(uid: number | undefined): readonly string[] {
  return uid === undefined ? [] : ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--inh-caps=-all'];
}

/** Who is not root has no nft in the PATH. */
export function toolPath(): string {
  return `${process.env.PATH ?? '/usr/bin:/bin'}:/usr/sbin:/sbin`;
}

/** Resolves when the network is there, with the reason where it is not. */
async function untilReady(child: ChildProcess, rules: string, ended: Promise<string>): Promise<string | undefined> {
  const [input, , errors, ready] = child.stdio as unknown as [Writable, null, Readable, Readable]; // as asked for
  let said = '';
  errors.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(0, 2000);
  });
  input.on('error', () => undefined).end(rules);
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`slirp4netns was not ready after ${READY_MS} ms`), READY_MS);
  });
  const isReady = new Promise<undefined>((resolve) => ready.once('data', () => resolve(undefined)));
  const failed = ended.then((how) => reasonOf(said) ?? `slirp4netns ended with ${how}`);
  try {
    return await Promise.race([isReady, failed, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

/** The last line that is no warning says why. */
function reasonOf(said: string): string | undefined {
  return said
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('WARNING') && !/^(sent|received) tapfd/.test(line))
    .at(-1);
}

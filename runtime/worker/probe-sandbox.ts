import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Duplex, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fail } from '../errors.ts';
import { withPipes } from '../with-pipes.ts';
import { launchSandbox, toolPath } from './launch-sandbox.ts';
import type { UserRange } from './users.ts';

/** Debian's packages of the programs that shut a worker in. */
const PACKAGES = { bwrap: 'bubblewrap', prlimit: 'util-linux', setpriv: 'util-linux' } as const;

const OR_ELSE = 'or choose --isolation process';

/**
 * Tries whether workers can be shut in on this machine, by having Node say its version in a sandbox: 20 ms.
 *
 * @throws SANDBOX_UNAVAILABLE with the reason and the way out
 */
export async function probeSandbox(users: UserRange): Promise<void> {
  if (process.platform !== 'linux') refuse('that takes Linux', `Run the server on Linux, ${OR_ELSE}.`);
  const folders = toolPath().split(delimiter);
  for (const [tool, name] of Object.entries(PACKAGES)) {
    if (folders.some((folder) => existsSync(join(folder, tool)))) continue;
    refuse(`${name} is not installed`, `Install it (apt-get install ${name}), ${OR_ELSE}.`);
  }
  const isRoot = process.getuid?.() === 0;
  const uid = isRoot ? users.last : undefined;
  const few = { memoryBytes: 128 << 20, temporaryBytes: 1 << 20, maxProcesses: 64, maxFiles: 64 };
  const { command, args, env, inputs = [] } = launchSandbox({ ...few, readable: [], uid }, ['--version']);
  const stdio = ['ignore', 'ignore', 'pipe', 'ignore', 'pipe'] as const;
  const child = withPipes(spawn(command, args, { env, stdio: [...stdio], timeout: PROBE_MS }));
  (child.stdio[4] as Duplex).on('error', () => undefined).end(inputs[0]); // a pipe, as asked for
  const exit = new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null)).once('exit', resolve);
  });
  const [said, code] = await Promise.all([text(child.stderr as Readable), exit]);
  if (code !== 0) explain(said.trim().split('\n', 1)[0] ?? '', code);
}

/** A busy machine takes its time, and what hangs must not have the server hang. */
const PROBE_MS = 10_000;

function explain(said: string, code: number | null): never {
  const reason = said === '' ? `it ended with ${code ?? 'no exit code'}` : said.replace(/\.$/, '');
  if (said.includes(process.execPath)) {
    refuse(reason, `Put Node where every user can read it, such as /usr/local, ${OR_ELSE}.`);
  }
  if (/unknown option/i.test(said)) refuse(reason, `Install bubblewrap 0.8.0 or later, ${OR_ELSE}.`);
  if (said.startsWith('setpriv')) refuse(reason, `Name users that there can be here with --worker-users, ${OR_ELSE}.`);
  refuse(
    reason,
    'Let users make namespaces (sysctl kernel.unprivileged_userns_clone=1; on Ubuntu ' +
      `kernel.apparmor_restrict_unprivileged_userns=0; in a container by its seccomp profile), ${OR_ELSE}.`,
  );
}

function refuse(reason: string, wayOut: string): never {
  return fail('SANDBOX_UNAVAILABLE', { reason, wayOut });
}

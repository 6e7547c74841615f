import { type ChildProcess, execFileSync, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NetworkPolicy } from '../../../runtime/worker/network/index.ts';
import { UDP_ADDRESSES } from './addresses.ts';
import type { Order } from './machine.ts';

/** A machine and its internet, joined by a cable, and by nothing to the machine that the tests run on. */
export interface IsolatedMachine {
  readonly pid: number;
  /** Starts a worker with a network, and gives its process id. It is shut in by default. */
  start(policy: NetworkPolicy, isShutIn?: boolean): Promise<number>;
  /** Runs an expression in the worker, with `net`, `dgram`, `dns` and `http` loaded. */
  run(expression: string): Promise<unknown>;
  endWorker(): Promise<string>;
  /** Lists the ports of TCP that something in the machine listens on. */
  listeningPorts(): number[];
  /** Ends both. */
  close(): Promise<void>;
}

/** What is not as on any machine. */
export interface MachineOptions {
  /** The user of the server; root by default. */
  readonly uid?: number | undefined;
  /** Path of a program that it cannot run. */
  readonly without?: string;
}

const REGISTER = fileURLToPath(new URL('../../../runtime/compile/register.js', import.meta.url));
const NODE = [process.execPath, '--conditions=webtask-kit-source', '--import', REGISTER];

/** Skips tests where an isolated machine cannot be had, and says why. */
export function skipWithoutIsolation(context: Mocha.Context): void {
  const programs = { ip: 'iproute2', bwrap: 'bubblewrap', slirp4netns: 'slirp4netns', nft: 'nftables' };
  const missing = Object.entries(programs).find(([program]) => spawnSync(program, ['--version']).error);
  if (process.getuid?.() === 0 && !missing) return;
  const reason = missing
    ? `there is no ${missing[0]} here (apt-get install ${missing[1]})`
    : 'only root makes networks';
  console.log(`      skipped: ${reason}`);
  context.skip();
}

/**
 * Starts them.
 */
export async function startIsolatedMachine({ uid, without }: MachineOptions = {}): Promise<IsolatedMachine> {
  const hidden = without
    ? ['unshare', '--mount', 'sh', '-c', `mount --bind /dev/null ${without}; exec "$@"`, 'sh']
    : [];
  const asUser = uid === undefined ? hidden : ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'];
  const home = mkdtempSync(join(tmpdir(), 'webtask-machine-'));
  chownSync(home, uid ?? 0, uid ?? 0);
  const internet = await startIn('./internet.ts', [], home);
  const machine = await startIn('./machine.ts', asUser, home);
  layCable(machine.pid ?? 0, internet.pid ?? 0);
  internet.send('the addresses are there');
  await messageOf(internet);
  const order = async (it: Order): Promise<unknown> => {
    machine.send(it);
    const { value, error } = (await messageOf(machine)) as {
      value?: unknown;
      error?: { code: string; message: string };
    };
    if (error) throw Object.assign(new Error(error.message), { code: error.code });
    return value;
  };
  await order({ listen: true });
  return {
    pid: machine.pid ?? 0,
    start: async (policy, isShutIn = true) => (await order({ start: policy, isShutIn })) as number,
    run: (expression) => order({ run: `${HELPERS}\nmodule.exports = async (context) => (${expression});` }),
    endWorker: async () => (await order({ end: true })) as string,
    listeningPorts: () => listeningPorts(machine.pid ?? 0),
    async close() {
      const ends = [machine, internet].map((it) => it.exitCode ?? it.signalCode ?? once(it, 'exit'));
      for (const it of [machine, internet]) it.kill('SIGKILL');
      await Promise.all(ends);
      rmSync(home, { recursive: true, force: true });
    },
  };
}

async function startIn(program: string, asUser: readonly string[], home: string): Promise<ChildProcess> {
  const child = fork(fileURLToPath(new URL(program, import.meta.url)), {
    execPath: 'unshare',
    execArgv: ['--net', ...asUser, ...NODE],
    env: { PATH: process.env.PATH, HOME: home },
  });
  await messageOf(child);
  return child;
}

async function messageOf(child: ChildProcess): Promise<unknown> {
  const stop = new AbortController();
  const ended = once(child, 'exit', stop).then(([code, signal]) => {
    throw new Error(`${child.spawnargs.at(-1)} ended with ${signal ?? code}`);
  });
  try {
    const [message] = await Promise.race([once(child, 'message', stop), ended]);
    return message;
  } finally {
    ended.catch(() => undefined);
    stop.abort();
  }
}

function listeningPorts(pid: number): number[] {
  const lines = ['tcp', 'tcp6'].flatMap((it) => readFileSync(`/proc/${pid}/net/${it}`, 'utf8').split('\n'));
  const ports = lines.map((line) => /^ *\d+: \w+:(\w{4}) \w+:\w+ 0A/.exec(line)?.[1]);
  return [...new Set(ports.flatMap((port) => (port ? [Number.parseInt(port, 16)] : [])))];
}

/** Says how many connections the kernel remembers in the network of a process. */
export function rememberedIn(pid: number): number {
  const count = '/proc/sys/net/netfilter/nf_conntrack_count';
  return Number(execFileSync('nsenter', ['-t', String(pid), '--net', 'cat', count], { encoding: 'utf8' }));
}

/** The machine has a private address of IPv4, as behind a NAT, and a public one of IPv6. */
function layCable(machine: number, internet: number): void {
  const inMachine = ['-t', String(machine), '-n'];
  const inInternet = ['-t', String(internet), '-n'];
  const ip = (where: readonly string[], line: string): void =>
    void execFileSync('nsenter', [...where, 'ip', ...line.split(' ')], { stdio: 'pipe' });
  execFileSync('ip', `link add m0 netns ${machine} type veth peer name i0 netns ${internet}`.split(' '));
  for (const [where, cable, end] of [
    [inMachine, 'm0', '2'],
    [inInternet, 'i0', '1'],
  ] as const) {
    ip(where, 'link set lo up');
    ip(where, `addr add 10.77.0.${end}/24 dev ${cable}`);
    ip(where, `addr add 2606:4700:77::${end}/64 dev ${cable} nodad`);
    ip(where, `link set ${cable} up`);
  }
  ip(inMachine, 'route add default via 10.77.0.1');
  ip(inMachine, '-6 route add default via 2606:4700:77::1');
  for (const address of UDP_ADDRESSES) ip(inInternet, `addr add ${address}/32 dev lo`);
  // Who is not root may serve the web there, too.
  const anyPort = 'echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start';
  execFileSync('nsenter', [...inMachine, 'sh', '-c', anyPort]);
  // Whatever comes over the cable is for this one.
  ip(inInternet, 'route add local 0.0.0.0/0 dev lo table main');
  ip(inInternet, '-6 route add local ::/0 dev lo table main');
}

/** Each says what happened, within five seconds. */
const HELPERS = `
const net = require('net'), dgram = require('dgram'), dns = require('dns'), http = require('http'), fs = require('fs');
const within = (promise) => Promise.race([promise, new Promise((resolve) => setTimeout(resolve, 5000, 'no answer'))]);
const get = (url) => within(fetch(url).then((it) => it.text()).catch(({ cause }) => cause.code || cause.errors[0].code));
const connect = (host, port) => within(new Promise((resolve) => {
  const socket = net.connect(port, host);
  socket.on('connect', () => { resolve('connected'); socket.destroy(); }).on('error', ({ code }) => resolve(code));
}));
const udp = (host, port) => within(new Promise((resolve) => {
  const socket = dgram.createSocket(host.includes(':') ? 'udp6' : 'udp4');
  socket.on('message', (bytes) => { resolve('echo ' + bytes); socket.close(); });
  socket.send('x', port, host, (error) => error && resolve(error.code));
}));
const lookup = (name) => within(dns.promises.lookup(name, { all: true }).then((all) => all.map((it) => it.address)).catch(({ code }) => code));
const resolveAt = (server, name) => {
  const resolver = new dns.promises.Resolver({ timeout: 300, tries: 1 });
  resolver.setServers([server]);
  return resolver.resolve4(name).catch(({ code }) => code);
};
const each = async (call, hosts, ...rest) => Object.fromEntries(await Promise.all(hosts.map(async (host) => [host, await call(host, ...rest)])));
`;

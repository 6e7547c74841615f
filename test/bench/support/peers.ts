import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Contender } from './start.ts';

const PEERS = fileURLToPath(new URL('../peers/', import.meta.url));
const PROGRAMS = fileURLToPath(new URL('../contenders/', import.meta.url));

/** Bare `node:http`, which all others are compared with. */
export const NODE_HTTP: Contender = onNode('node-http', 'node-http.cjs');

/** The same, for bodies. */
export const BODIES: Contender = { ...onNode('node-http', 'bodies.cjs'), path: '/' };

/** Bodies from another process, with nothing done to them on their way: as near to it as a worker can come. */
export const RELAY: Contender = { ...onNode('relay', 'relay.cjs'), path: '/' };

/** What others would use to serve a function. */
export const PEER_CONTENDERS: readonly Contender[] = [
  onNode('fastify', 'fastify.cjs'),
  onNode('express', 'express.cjs'),
  {
    name: 'functions-framework',
    command: process.execPath,
    args: (port) => [
      `${PEERS}node_modules/@google-cloud/functions-framework/build/src/main.js`,
      '--target=hello',
      `--source=${PROGRAMS}functions-framework`,
      `--port=${port}`,
    ],
    path: '/',
  },
  onNode('miniflare', 'miniflare.cjs'),
  {
    name: 'workerd',
    command: `${PEERS}node_modules/workerd/bin/workerd`,
    args: (port) => ['serve', `${PROGRAMS}workerd/hello.capnp`, '--socket-addr', `http=127.0.0.1:${port}`],
    path: '/',
  },
  {
    name: 'serverless-offline',
    command: process.execPath,
    args: (port) => [
      `${PEERS}node_modules/serverless/bin/serverless.js`,
      ...['offline', 'start', '--host', '127.0.0.1', '--noPrependStageInUrl', '--httpPort', String(port)],
      ...['--lambdaPort', '0', '--albPort', '0', '--websocketPort', '0'],
    ],
    cwd: `${PROGRAMS}serverless-offline`,
    // It talks to nobody, and asks for no account.
    env: { CI: '1', SLS_TELEMETRY_DISABLED: '1', SLS_NOTIFICATIONS_MODE: 'off', HOME: `${PEERS}node_modules` },
    path: '/',
  },
];

/** The packages that these are of. */
export const PEER_PACKAGES = [
  'fastify',
  'express',
  '@google-cloud/functions-framework',
  'miniflare',
  'workerd',
  'serverless-offline',
];

/**
 * Installs the peers where they are not yet, without install scripts.
 *
 * @returns whether they are there
 */
export function installPeers(say: (line: string) => void): boolean {
  if (isInstalled()) return true;
  say('installing what is compared with, once');
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync('npm', args, { cwd: PEERS, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) console.error('bench: the peers could not be installed, and are left out');
  return status === 0;
}

const LOCK = new URL('../peers/package-lock.json', import.meta.url);

/** The versions of packages, as a lock file has them: by default that of the peers. */
export function lockedVersions(names: readonly string[], lock: URL = LOCK): Record<string, string> {
  const text = readFileSync(lock, 'utf8');
  const { packages } = JSON.parse(text) as { packages: Record<string, { version: string } | undefined> };
  return Object.fromEntries(names.map((name) => [name, packages[`node_modules/${name}`]?.version ?? 'unknown']));
}

/** As the lock file has them: npm writes its own copy of it last. */
function isInstalled(): boolean {
  const [copy, lock] = ['node_modules/.package-lock.json', 'package-lock.json'].map((file) =>
    statSync(`${PEERS}${file}`, { throwIfNoEntry: false }),
  );
  return copy !== undefined && lock !== undefined && copy.mtimeMs > lock.mtimeMs;
}

function onNode(name: string, program: string): Contender {
  return { name, command: process.execPath, args: () => [`${PROGRAMS}${program}`], path: '/' };
}

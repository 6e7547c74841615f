import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { BenchOptions, BenchResult } from './bench.ts';
import { measureHarness } from './support/harness.ts';
import { type Kit, type Mode, prepareKit, WEBTASK } from './support/kit.ts';
import { installPeers, lockedVersions, NODE_HTTP, PEER_CONTENDERS, PEER_PACKAGES } from './support/peers.ts';
import { inTurns, type Rounds, ratioOf, summaries } from './support/rounds.ts';
import { type Contender, start } from './support/start.ts';

const HELLO = `module.exports = cb => cb(null, { hello: 'world' })`;

/** What a container waits for before its first request: that the pool has a worker for it. */
const POOL_FILLS_MS = 500;

/** Something that is timed, in milliseconds or in another unit that its name ends with. */
interface Timed {
  readonly name: string;
  readonly measure: () => Promise<Readonly<Record<string, number>>>;
}

/**
 * Measures how long the first of everything takes: of a server, of a container, of a program, of a webtask in the
 * harness.
 */
export async function bench({ quick, say }: BenchOptions): Promise<BenchResult> {
  const kit = await prepareKit({ hello: HELLO }, say);
  const folder = mkdtempSync(join(tmpdir(), 'webtask-bench-'));
  try {
    const peers = installPeers(say) ? PEER_CONTENDERS : [];
    const servers = [NODE_HTTP, ...peers, ...kit.modes.map((mode) => serve(kit, mode))].map(startOf);
    const isolated = kit.modes.filter((mode) => mode !== 'inline');
    const containers = isolated.map((mode) => firstRepliesOf(kit, mode, quick ? 3 : 10));
    const harness = { name: 'harness', measure: () => measureHarness(quick ? 500 : 5000) };
    const timed = [...servers, ...programs(folder), harness, ...containers];
    const rounds = quick ? 1 : 3;
    const found = await inTurns(timed, rounds, say, ({ measure }) => measure());
    const strictest = isolated.at(-1) ?? 'process';
    found.set(`containers in turn, ${strictest}`, [await containersInTurn(kit, strictest, quick ? 60 : 1000)]);
    const versions = peers.length > 0 ? lockedVersions(PEER_PACKAGES) : {};
    return { rounds, contenders: summaries(found, unitOf), ratios: ratios(found), versions };
  } finally {
    kit.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

function serve(kit: Kit, mode: Mode): Contender {
  return kit.serve(`serve-${mode}`, mode, kit.webtasks.hello?.namedPath ?? '');
}

/** From its start to its first 200. */
function startOf(contender: Contender): Timed {
  return {
    name: contender.name,
    async measure() {
      const { firstMs, stop } = await start(contender);
      await stop();
      return { [contender.name]: firstMs };
    },
  };
}

/** From their start to their end. */
function programs(folder: string): Timed[] {
  writeFileSync(join(folder, 'hello.js'), `console.log('hello');`);
  writeFileSync(
    join(folder, 'hello.ts'),
    `module.exports = (cb: (error: null, it: string) => void) => cb(null, 'hello');`,
  );
  const timed = (name: string, args: readonly string[]): Timed => ({
    name,
    async measure() {
      const began = performance.now();
      execFileSync(process.execPath, args, { cwd: folder, env: { PATH: process.env.PATH, HOME: folder } });
      return { [name]: performance.now() - began };
    },
  });
  return [timed('node hello.js', ['hello.js']), timed('webtask run hello.ts', [WEBTASK, 'run', 'hello.ts'])];
}

/** First replies of containers that find a worker in the pool: their median. */
function firstRepliesOf(kit: Kit, mode: Mode, containers: number): Timed {
  const name = `container-${mode}`;
  return {
    name,
    async measure() {
      const { origin, stop } = await start(serve(kit, mode));
      const times: number[] = [];
      for (let i = 0; i < containers; i++) {
        await delay(POOL_FILLS_MS);
        times.push(await timeOf(`${origin}${kit.webtasks.hello?.pathIn(`first-${i}`)}`));
      }
      await stop();
      return { [name]: times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN };
    },
  };
}

/** Many more containers than there can be workers, one after the other: how many in a second. */
async function containersInTurn(kit: Kit, mode: Mode, containers: number): Promise<number> {
  const { origin, stop } = await start(serve(kit, mode));
  try {
    const began = performance.now();
    for (let i = 0; i < containers; i++) await timeOf(`${origin}${kit.webtasks.hello?.pathIn(`turn-${i}`)}`);
    return (containers * 1000) / (performance.now() - began);
  } finally {
    await stop();
  }
}

async function timeOf(url: string): Promise<number> {
  const began = performance.now();
  const answer = await fetch(url);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url} was answered with ${answer.status}: ${text}`);
  return performance.now() - began;
}

function unitOf(name: string): string {
  if (name === 'harness requests') return 'requests/s';
  return name.startsWith('containers in turn') ? 'containers/s' : 'ms';
}

/** How many times as long: less is better. */
function ratios(found: Rounds): Record<string, number> {
  const servers = [...found.keys()].filter(
    (name) => PEER_CONTENDERS.some((it) => it.name === name) || name.startsWith('serve-'),
  );
  return Object.fromEntries([
    ...servers.map((name) => [`${name}/${NODE_HTTP.name}`, ratioOf(found, name, NODE_HTTP.name)]),
    ['webtask run hello.ts/node hello.js', ratioOf(found, 'webtask run hello.ts', 'node hello.js')],
  ]);
}

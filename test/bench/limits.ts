import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLimits, type Limits } from '../../runtime/server/limits/index.ts';
import { createMemoryStore, type Store } from '../../runtime/store/index.ts';
import type { TokenClaims } from '../../runtime/token/index.ts';
import { type BenchOptions, type BenchResult, type Measured, measured } from './bench.ts';
import { serveHere } from './support/serve-here.ts';

/** Limits whose store writes are counted. */
const CASES: Readonly<Record<string, TokenClaims>> = {
  'no limits': {},
  'ls:1000': { ls: 1000 },
  'lm:6000': { lm: 6000 },
  'lh:100000': { lh: 100_000 },
  'ltd:10000': { ltd: 10_000 },
  'lo:100000': { lo: 100_000 },
  'ls:1000 lm:6000 lo:100000': { ls: 1000, lm: 6000, lo: 100_000 },
};

/** Never reached, so that every run is let through. */
const WIDE: TokenClaims = { ls: 1e5, lm: 1e7, lh: 1e8, ld: 1e8, lw: 1e8, lo: 1e8, lts: 1e5, ltm: 1e7, lto: 1e8 };

/** Runs of one second, in the time that the limits are told. */
const PACE = 50;
const CONNECTIONS = 8;

/**
 * Measures what rate limits cost: store writes for 1,000 runs, which do not depend on the machine, and runs per second
 * over HTTP with and without limits.
 */
export async function bench({ quick, say }: BenchOptions): Promise<BenchResult> {
  const contenders: Record<string, Measured> = {};
  for (const servers of [1, 3]) {
    for (const [name, claims] of Object.entries(CASES)) {
      const writes = await writesOf(claims, servers);
      contenders[`${name}, ${servers} ${servers === 1 ? 'server' : 'servers'}`] = measured(
        [writes],
        'store writes per 1,000 runs',
      );
    }
  }
  const rounds = quick ? 3 : 9;
  contenders['charging nine limits, from memory'] = measured(await chargesOf(rounds, 20_000), 'charges/s');
  const speeds = await speedsOf(rounds, quick ? 50 : 200, say);
  for (const [name, values] of Object.entries(speeds)) contenders[name] = measured(values, 'runs/s');
  // Of each round by itself: what else the machine does changes from one round to the next.
  const ratios = speeds['with limits'].map((speed, i) => speed / (speeds['without limits'][i] ?? Number.NaN));
  return { rounds, contenders, ratios: { 'with limits/without limits': measured(ratios, '').median } };
}

/** Store writes of 6,000 runs, 50 a second, in turn on each server; by a thousand. */
async function writesOf(limited: TokenClaims, servers: number): Promise<number> {
  const began = Date.parse('2026-11-02T00:00:00Z') / 1000;
  let time = began;
  let writes = 0;
  const memory = createMemoryStore(() => time);
  const store: Store = {
    ...memory,
    put(...args) {
      writes += 1;
      return memory.put(...args);
    },
  };
  const cluster: Limits[] = Array.from({ length: servers }, () =>
    createLimits(
      async () => store,
      () => time,
    ),
  );
  const claims: TokenClaims = { jti: 'a', ten: 'bench', ...limited };
  const runs = 6000;
  for (let i = 0; i < runs; i++) {
    time = began + i / PACE;
    await cluster[i % servers]?.charge(claims, 'bench');
  }
  return (writes * 1000) / runs;
}

/** Charges per second of a run with nine limits, hardly any of which ask the store. */
async function chargesOf(rounds: number, charges: number): Promise<number[]> {
  const store = createMemoryStore();
  const limits = createLimits(async () => store);
  const claims: TokenClaims = { jti: 'a', ten: 'bench', ...WIDE, ls: 1e9, lts: 1e9 };
  const speeds: number[] = [];
  for (let round = -1; round < rounds; round++) {
    const began = performance.now();
    for (let i = 0; i < charges; i++) await limits.charge(claims, 'bench');
    if (round >= 0) speeds.push((charges * 1000) / (performance.now() - began)); // the first round warms up
  }
  return speeds;
}

/** Runs per second of a webtask without and with limits, in turn. */
async function speedsOf(
  rounds: number,
  runs: number,
  say: BenchOptions['say'],
): Promise<Record<'without limits' | 'with limits', number[]>> {
  const dataFolder = mkdtempSync(join(tmpdir(), 'webtask-bench-'));
  const { server, token } = await serveHere(dataFolder, { isolation: 'inline' });
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  try {
    const code = 'module.exports = cb => cb(null, 1)';
    const urls = { 'without limits': {}, 'with limits': WIDE };
    for (const [name, claims] of Object.entries(urls)) {
      const container = name.replace(' ', '-');
      const answer = await fetch(`${server.url}/api/webtask/${container}/one`, {
        method: 'PUT',
        headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({ code, ...claims }),
      });
      if (!answer.ok) throw new Error(`the webtask was not created: ${await answer.text()}`);
    }
    const speeds = { 'without limits': [] as number[], 'with limits': [] as number[] };
    for (let round = -1; round < rounds; round++) {
      const order = ['without limits', 'with limits'] as const;
      for (const name of round % 2 === 0 ? order : [...order].reverse()) {
        const speed = await speedOf(`${server.url}/api/run/${name.replace(' ', '-')}/one`, runs, agent);
        if (round >= 0) speeds[name].push(speed); // the first round warms up
        if (round >= 0) say(`round ${round + 1} of ${rounds}, ${name}: ${Math.round(speed)} runs/s`);
      }
    }
    return speeds;
  } finally {
    agent.destroy();
    await server.close();
    rmSync(dataFolder, { recursive: true, force: true });
  }
}

async function speedOf(url: string, runs: number, agent: Agent): Promise<number> {
  const began = performance.now();
  let left = runs;
  const connections = Array.from({ length: CONNECTIONS }, async () => {
    while (left-- > 0) await runOnce(url, agent);
  });
  await Promise.all(connections);
  return (runs * 1000) / (performance.now() - began);
}

function runOnce(url: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent }, (answer) => {
      answer.resume();
      answer.once('error', reject);
      answer.once('end', () => (answer.statusCode === 200 ? resolve() : reject(new Error(`${answer.statusCode}`))));
    });
    asked.once('error', reject).end();
  });
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openRevocation, revocationOf, type VerifiedToken } from '../../runtime/identity/index.ts';
import { createDenylist, type Denylist } from '../../runtime/identity/revocation/denylist.ts';
import { createKeys } from '../../runtime/identity/revocation/key.ts';
import { createMatcher } from '../../runtime/identity/revocation/match.ts';
import { readSnapshot, writeSnapshot } from '../../runtime/identity/revocation/snapshot-file.ts';
import { openStore } from '../../runtime/store/index.ts';
import { ISS, verified } from '../support/revocation.ts';
import { startRevocationProcess } from '../support/revocation-process.ts';
import { type BenchOptions, type BenchResult, type Measured, measured } from './bench.ts';

const ENTRIES = 1_000_000;
/** Of these, the keys are made before anything is measured. */
const ASKED = 200_000;

/**
 * Measures what revocation costs with a million entries: memory, time for a look-up and for a check, a start from a
 * snapshot, and how long after an acknowledgement in one process another one refuses.
 */
export async function bench({ quick, say }: BenchOptions): Promise<BenchResult> {
  const rounds = quick ? 1 : 7;
  const contenders: Record<string, Measured> = {};
  const denylist = fill(quick ? 100_000 : ENTRIES);
  contenders['memory of the table'] = measured([denylist.table().bytes() / 2 ** 20], 'MiB');
  say(`${denylist.table().size()} entries in ${contenders['memory of the table']?.median} MiB`);
  Object.assign(contenders, lookUps(denylist, rounds), checks(denylist, rounds));
  contenders['start from a snapshot'] = measured(await starts(denylist, rounds, say), 'ms');
  const { p50, p99 } = await latencies(quick ? 20 : 400, say);
  contenders['acknowledged here to refused there, p50'] = measured([p50], 'ms');
  contenders['acknowledged here to refused there, p99'] = measured([p99], 'ms');
  return { rounds, contenders, ratios: {} };
}

const now = (): number => Date.now() / 1000;

function fill(entries: number): Denylist {
  const denylist = createDenylist(now);
  const keys = createKeys('acme');
  const expires = Math.ceil(now()) + 3600;
  for (let i = 0; i < entries; i++) denylist.add({ kind: 'jti', key: keys('jti', ISS, `token ${i}`), expires });
  return denylist;
}

/** Nanoseconds of processor time for a call: what else the machine does is left out. */
function timeOf(calls: number, call: (i: number) => unknown): number {
  const { user: before } = process.cpuUsage();
  for (let i = 0; i < calls; i++) call(i);
  return ((process.cpuUsage().user - before) * 1000) / calls;
}

function lookUps(denylist: Denylist, rounds: number): Record<string, Measured> {
  const keys = createKeys('acme');
  const found: string[] = [];
  const missing: string[] = [];
  for (let i = 0; i < ASKED; i++) {
    found.push(keys('jti', ISS, `token ${(i * 7919) % denylist.table().size()}`));
    missing.push(keys('jti', ISS, `none ${i}`));
  }
  const times = { hit: [] as number[], miss: [] as number[] };
  for (let round = -1; round < rounds; round++) {
    const hit = timeOf(ASKED, (i) => denylist.find(found[i] as string)); // within ASKED
    const miss = timeOf(ASKED, (i) => denylist.find(missing[i] as string));
    if (round < 0) continue; // the first round warms up
    times.hit.push(hit);
    times.miss.push(miss);
  }
  return {
    'look-up of a key that is there': measured(times.hit, 'ns'),
    'look-up of a key that is not': measured(times.miss, 'ns'),
  };
}

/** What a check costs where there are entries of a million tokens and of one user, client and session. */
function checks(denylist: Denylist, rounds: number): Record<string, Measured> {
  const keys = createKeys('acme');
  for (const kind of ['sub', 'sid', 'client'] as const) {
    denylist.add({ kind, key: keys(kind, ISS, 'somebody else'), notBefore: 1, expires: Math.ceil(now()) + 3600 });
  }
  const matcher = createMatcher(keys, denylist);
  const tokens = (round: number): VerifiedToken[] =>
    Array.from({ length: ASKED / 10 }, (_, i) =>
      verified({ jti: `none ${round} ${i}`, sub: `user ${i}`, client_id: 'client 1', sid: `session ${i}` }),
    );
  const times = { first: [] as number[], again: [] as number[] };
  for (let round = -1; round < rounds; round++) {
    const asked = tokens(round);
    const match = (i: number) => matcher.match(asked[i] as VerifiedToken, now()); // within its length
    const first = timeOf(asked.length, match);
    timeOf(asked.length, match); // from now on what it is named by is kept
    const again = timeOf(asked.length, match);
    if (round < 0) continue;
    times.first.push(first);
    times.again.push(again);
  }
  return {
    'check of a new token, four kinds of entries': measured(times.first, 'ns'),
    'check of the same token again': measured(times.again, 'ns'),
  };
}

async function starts(denylist: Denylist, rounds: number, say: BenchOptions['say']): Promise<number[]> {
  const folder = await mkdtemp(join(tmpdir(), 'webtask-bench-'));
  try {
    const known = { store: 'bench', tenants: ['acme'], asOf: Date.now(), positions: [], ends: denylist.ends() };
    await writeSnapshot(folder, { ...known, parts: denylist.table().parts() });
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const began = performance.now();
      const snapshot = readSnapshot(folder, Date.now(), Number.POSITIVE_INFINITY);
      if (typeof snapshot === 'string') throw new Error(snapshot);
      const size = createDenylist(now, snapshot).table().size();
      times.push(performance.now() - began);
      say(`${size} entries from a snapshot in ${Math.round(times.at(-1) ?? 0)} ms`);
    }
    return times;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Milliseconds from the acknowledgement in this process to the refusal in another one, over the embedded store. */
async function latencies(count: number, say: BenchOptions['say']): Promise<{ p50: number; p99: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'webtask-bench-'));
  const store = await openStore(folder, {});
  const revocation = openRevocation({ store, tenants: ['acme'] });
  await revocation.ready();
  const other = await startRevocationProcess(folder);
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const jti = `token ${i}`;
    other.tell(`await ${jti}`);
    await delay(Math.random() * 250); // wherever its polls are
    await revocation.tenant('acme').revoke(revocationOf(verified({ jti, exp: Math.ceil(now()) + 3600 })));
    const acknowledged = Date.now();
    const [, refused] = (await other.hear()).split(' ');
    times.push(Math.max(0, Number(refused) - acknowledged));
    if (i % 100 === 99) say(`${i + 1} of ${count} revocations were refused in another process`);
  }
  await revocation.close();
  await other.kill();
  await store.close();
  await rm(folder, { recursive: true });
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.min(count - 1, Math.floor(share * count))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}

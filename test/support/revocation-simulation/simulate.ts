import type { RevocationChecker, VerifiedToken } from '../../../runtime/identity/index.ts';
import { ISS, NOW, verified } from '../revocation.ts';
import { startFollower, type VirtualFollower } from './follower.ts';
import { type Left, MAX_STALENESS_MS, RETENTION_MS, startProcess, type VirtualProcess } from './process.ts';
import { createVirtualStore, NO_FAULTS } from './virtual-store.ts';
import { createWorld } from './world.ts';

/** What became of a simulation. */
export interface Outcome {
  /** What no run may show, each in words. */
  readonly violations: readonly string[];
  /** How often things happened: a simulation in which nothing does would show nothing. */
  readonly counts: Record<'acknowledged' | 'active' | 'revoked' | 'unknown' | 'confirmed' | 'followed', number>;
}

const TROUBLE_MS = 40_000;
/** Longer than anything may pause. */
const QUIET_MS = 40_000;
/** Long before any process began, whatever its clock says. */
const ISSUED = NOW - 3 * 60 * 60;
const TOKENS = 12;

/** A third is known by user and time. */
function tokenOf(number: number): VerifiedToken {
  const jti = `token ${number}`;
  return verified({ jti, sub: `user ${number}`, iat: ISSUED, exp: NOW + 24 * 60 * 60 });
}

/**
 * Runs processes that revoke and check, against everything that may go wrong: calls that are refused, lost, late and
 * answered from the past; processes that are killed, started and paused; clocks that differ and are set. Two more follow
 * over HTTP, one of which stays away now and then.
 *
 * @param seed - everything follows from it
 */
export async function simulate(seed: number): Promise<Outcome> {
  const world = createWorld(seed);
  const { random } = world;
  const store = createVirtualStore(world);
  const tokens = Array.from({ length: TOKENS }, (_, number) => tokenOf(number));
  const acknowledged = new Map<number, number>();
  const attempted = new Set<number>();
  const violations: string[] = [];
  const counts = { acknowledged: 0, active: 0, revoked: 0, unknown: 0, confirmed: 0, followed: 0 };
  const processes: VirtualProcess[] = [];
  const lefts: Left[] = [];
  let ids = 0;
  let isQuiet = false;

  const note = (what: string): void => void violations.push(`seed ${seed}, at ${Math.round(world.time())} ms: ${what}`);

  function start(): void {
    const ahead = (random.next() - 0.5) * 50 * 60 * 1000;
    const left = lefts[random.below(lefts.length * 2)];
    const process = startProcess(world, store, { clockAhead: ahead, newId: () => `writer-${++ids}`, left });
    processes.push(process);
    void checkOver(process);
    void revokeOver(process);
  }

  /** Revokes one token or another, by its id or by its user, sometimes only what was issued earlier. */
  async function revokeOver(process: VirtualProcess): Promise<void> {
    const acme = process.core.tenant('acme');
    while (process.isAlive()) {
      await process.sleep(random.next() * 4_000);
      if (isQuiet) return;
      const number = random.below(TOKENS);
      const isByUser = number % 3 === 0;
      const shift = random.below(3) - 1;
      const forbids = !isByUser || shift >= 0;
      if (forbids) attempted.add(number);
      const revoked = isByUser
        ? acme.revoke({ kind: 'sub', iss: ISS, id: `user ${number}`, notBefore: ISSUED + shift })
        : acme.revoke({ kind: 'jti', iss: ISS, id: `token ${number}`, expires: NOW + 24 * 60 * 60 });
      void revoked.then(
        () => {
          counts.acknowledged += 1;
          if (forbids && !acknowledged.has(number)) acknowledged.set(number, world.time());
        },
        () => undefined,
      );
    }
  }

  function look(by: string, check: RevocationChecker['check']): void {
    for (const [number, token] of tokens.entries()) {
      const { status } = check(token);
      counts[status] += 1;
      if (by === 'follower' && status !== 'unknown') counts.followed += 1;
      const known = acknowledged.get(number);
      if (status === 'active' && known !== undefined && world.time() - known > MAX_STALENESS_MS) {
        note(`token ${number} is called active by a ${by}, which was revoked at ${Math.round(known)} ms`);
      }
      if (status === 'revoked' && !attempted.has(number)) note(`token ${number} is called revoked, which nobody did`);
    }
  }

  async function checkOver(process: VirtualProcess): Promise<void> {
    const acme = process.core.tenant('acme');
    while (process.isAlive()) {
      look('process', acme.check);
      if (random.chance(0.1)) void confirm(process, random.below(TOKENS));
      await process.sleep(50 + random.next() * 400);
    }
  }

  async function lookOver({ follower, sleep }: VirtualFollower): Promise<never> {
    for (;;) {
      look('follower', follower.check);
      await sleep(50 + random.next() * 400);
    }
  }

  async function confirm(process: VirtualProcess, number: number): Promise<void> {
    const known = acknowledged.has(number);
    const { status } = await process.core.tenant('acme').confirm(tokens[number] as VerifiedToken); // below TOKENS
    counts.confirmed += 1;
    if (known && status === 'active') note(`token ${number} is confirmed to be active, which was revoked before`);
  }

  function troubleStore(): void {
    const rate = (): number => (random.chance(0.4) ? random.next() ** 3 : 0);
    store.faults = random.chance(0.4)
      ? NO_FAULTS
      : { refuse: rate(), lose: rate(), late: rate(), stale: rate(), partial: rate() };
  }

  function troubleProcess(): void {
    const alive = processes.filter((process) => process.isAlive());
    const process = alive[random.below(alive.length)];
    const what = random.below(5);
    const left = process?.leave();
    if (left && random.chance(0.5)) lefts.push(left);
    if (what === 0 || !process) start();
    else if (what === 1) process.kill();
    else if (what === 2) {
      process.kill();
      start();
    } else if (what === 3) process.pause(random.next() ** 2 * 30_000, random.chance(0.5));
    else process.setClock((random.next() - 0.5) * 20_000);
  }

  for (let i = 0; i < 2 + random.below(2); i++) start();
  const away = (): number => (!isQuiet && random.chance(0.02) ? random.next() * 1.5 * RETENTION_MS : 0);
  const followers = [() => 0, away].map((awayMs) => startFollower(world, processes, awayMs));
  for (const it of followers) void lookOver(it);
  for (let time = 0; time < TROUBLE_MS; time += 2_000) {
    world.after(time, troubleStore);
    world.after(time + random.next() * 2_000, () => random.chance(0.4) && troubleProcess());
  }
  await world.run(TROUBLE_MS);
  isQuiet = true;
  store.faults = NO_FAULTS;
  if (!processes.some((process) => process.isAlive())) start();
  await world.run(TROUBLE_MS + QUIET_MS);

  const awake = processes.filter((process) => process.isAwake()).map(({ core }) => core.tenant('acme'));
  for (const [index, { check }] of [...awake, ...followers.map(({ follower }) => follower)].entries()) {
    const who = index < awake.length ? `process ${index}` : `follower ${index - awake.length}`;
    for (const [number, token] of tokens.entries()) {
      const { status } = check(token);
      if (acknowledged.has(number) && status !== 'revoked') note(`in the end, ${who} calls token ${number} ${status}`);
      if (status === 'unknown') note(`in the end, ${who} does not know of token ${number}`);
    }
  }
  return { violations, counts };
}

import { type Core, createCore } from '../../../runtime/identity/revocation/core.ts';
import { BEAT_MS } from '../../../runtime/identity/revocation/heartbeat.ts';
import { POLL_MS } from '../../../runtime/identity/revocation/open.ts';
import type { Snapshot } from '../../../runtime/identity/revocation/snapshot.ts';
import { NOW } from '../revocation.ts';
import type { VirtualStore } from './virtual-store.ts';
import type { World } from './world.ts';

/** A process of a made-up world, with clocks of its own, which can stop for a while or for good. */
export interface VirtualProcess {
  readonly core: Core;
  /** Has something happen in it, once it is awake; never, where it is dead by then. */
  deliver(happen: () => void): void;
  isAlive(): boolean;
  isAwake(): boolean;
  /** Waits by its own time. */
  sleep(ms: number): Promise<void>;
  kill(): void;
  /** What another process on this machine may go on with. */
  leave(): Left | undefined;
  /** @param isMachine - whether its machine stops, and with it the clock that cannot be set */
  pause(ms: number, isMachine: boolean): void;
  /** Sets its time of day. */
  setClock(byMs: number): void;
}

/** A snapshot, with the clock and the time that it was written by. */
export interface Left {
  readonly snapshot: Snapshot;
  readonly clockAhead: number;
  readonly time: number;
}

/** What the tests allow. */
export const MAX_STALENESS_MS = 5_000;
/** Short, so that what happens after it happens often. */
export const RETENTION_MS = 20_000;

const SWEEP_MS = 5_000;
const LOAD_MS = 500;

/** Starts a process that follows a tenant. */
export function startProcess(
  world: World,
  virtual: VirtualStore,
  { clockAhead, newId, left }: { clockAhead: number; newId: () => string; left?: Left | undefined },
): VirtualProcess {
  let isAlive = true;
  let awakeAt = 0;
  let wallAhead = left?.clockAhead ?? clockAhead;
  let slept = 0;
  let wasSetBack = false;

  function deliver(happen: () => void): void {
    if (!isAlive) return;
    if (world.time() < awakeAt) world.after(awakeAt - world.time(), () => deliver(happen));
    else happen();
  }

  const core = createCore({
    store: virtual.connect(deliver),
    clock: () => ({ wall: NOW * 1000 + world.time() + wallAhead, steady: world.time() - slept + 1_000_000 }),
    maxStalenessMs: MAX_STALENESS_MS,
    retentionMs: RETENTION_MS,
    newId,
    snapshot: left && world.time() - left.time <= RETENTION_MS / 2 ? left.snapshot : undefined,
  });
  core.tenant('acme');

  const sleep = (ms: number): Promise<void> => new Promise((resolve) => world.after(ms, () => deliver(resolve)));

  async function repeat(ms: number, call: () => Promise<void>): Promise<void> {
    while (isAlive) {
      await call().catch(() => undefined); // the store's fault, which is tried again
      await sleep(ms);
    }
  }

  void repeat(BEAT_MS, core.member.beat);
  void repeat(POLL_MS, core.poll);
  void repeat(LOAD_MS, core.load);
  void repeat(SWEEP_MS, core.sweep);

  return {
    core,
    deliver,
    isAlive: () => isAlive,
    isAwake: () => isAlive && world.time() >= awakeAt,
    sleep,
    kill() {
      isAlive = false;
    },
    leave() {
      const snapshot = core.snapshot();
      // The age of a snapshot is known by the time of day alone.
      return !snapshot || wasSetBack
        ? undefined
        : { snapshot: structuredClone(snapshot), clockAhead: wallAhead, time: world.time() };
    },
    pause(ms, isMachine) {
      const from = Math.max(awakeAt, world.time());
      awakeAt = Math.max(awakeAt, world.time() + ms);
      if (isMachine && !wasSetBack) slept += awakeAt - from;
    },
    setClock(byMs) {
      // Where one clock has slept and the other was set back, nothing is left to tell the time by.
      if (slept > 0 && byMs < 0) return;
      wallAhead += byMs;
      wasSetBack ||= byMs < 0;
    },
  };
}

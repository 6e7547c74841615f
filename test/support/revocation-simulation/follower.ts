import { createFollower, type Follower } from '../../../runtime/identity/revocation/follower.ts';
import { POLL_MS } from '../../../runtime/identity/revocation/open.ts';
import { NOW } from '../revocation.ts';
import { MAX_STALENESS_MS, type VirtualProcess } from './process.ts';
import type { World } from './world.ts';

/** Somebody without the store, who is answered by one process or another, and never dies. */
export interface VirtualFollower {
  readonly follower: Follower;
  sleep(ms: number): Promise<void>;
}

const REQUEST_MS = 5_000;

/**
 * Follows the feed over a balancer: each request goes to any of the processes, those included that are paused, or know
 * less than the one before.
 *
 * @param awayMs - how long it stays away after each poll
 */
export function startFollower(
  world: World,
  processes: readonly VirtualProcess[],
  awayMs: () => number,
): VirtualFollower {
  const { random } = world;
  const started = random.next() * 1_000_000;
  const ahead = (random.next() - 0.5) * 50 * 60 * 1000;
  const latency = (): number => random.next() * (random.chance(0.02) ? 2_000 : 20);

  function request<T>(call: (process: VirtualProcess) => Promise<T>): Promise<T> {
    const alive = processes.filter((process) => process.isAlive());
    const process = alive[random.below(alive.length)];
    return new Promise((resolve, reject) => {
      world.after(REQUEST_MS, () => reject(new Error('nobody answers')));
      const answer = (happen: () => void): void => world.after(latency(), happen);
      world.after(latency(), () =>
        process?.deliver(() => {
          call(process).then(
            (value) => answer(() => resolve(value)),
            (error: unknown) => answer(() => reject(error)),
          );
        }),
      );
    });
  }

  const follower = createFollower({
    tenant: 'acme',
    url: 'a made-up balancer',
    // As it comes over the network.
    read: (after) => request(async (it) => structuredClone(await it.core.tenant('acme').readFeed(after))),
    maxStalenessMs: MAX_STALENESS_MS,
    clock: () => ({ wall: NOW * 1000 + world.time() + ahead, steady: world.time() + started }),
  });
  const sleep = (ms: number): Promise<void> => new Promise((resolve) => world.after(ms, resolve));

  async function follow(): Promise<never> {
    for (;;) {
      await follower.poll().catch(() => undefined); // which is unknown soon
      await sleep(POLL_MS + awayMs());
    }
  }
  void follow();
  return { follower, sleep };
}

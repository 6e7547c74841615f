import { fail, WebtaskError } from '../errors.ts';
import { type Controller, openCgroups } from './cgroup/index.ts';
import { canLimit } from './launch.ts';
import type { NetworkPolicy } from './network/index.ts';
import { probeSandbox } from './probe-sandbox.ts';
import type { UserRange } from './users.ts';

/** What webtasks run in: the server's process, one of their container's own, or one that is shut in as well. */
export type Isolation = 'inline' | 'process' | 'sandbox';

/** What webtasks run in, and what that leaves open. */
export interface ChosenIsolation {
  readonly mode: Isolation;
  /** Why it is not `sandbox`, and what to do about that; where nobody asked for another. */
  readonly because?: string | undefined;
  /** What the operating system does not limit. */
  readonly unlimited: readonly string[];
  /** What control groups limit besides, for all processes of a worker together. */
  readonly cgroups: readonly Controller[];
}

/**
 * Chooses what webtasks run in: what is asked for, or else the safest that can be had.
 *
 * @param users - for workers, where this process may choose their user
 * @param network - where they may connect to, once they are shut in
 * @param first - a worker that is being started shut in: where it gets ready, nothing else need be tried
 * @throws SANDBOX_UNAVAILABLE, NETWORK_UNAVAILABLE where that is asked for and cannot be had: nobody gets less than they
 * asked for
 */
export async function chooseIsolation(
  asked: Isolation | undefined,
  users: UserRange,
  network: NetworkPolicy,
  first?: Promise<unknown>,
): Promise<ChosenIsolation> {
  if (asked === 'inline') return { mode: asked, unlimited: unlimitedIn(asked), cgroups: [] };
  const cgroups = (await openCgroups())?.controllers ?? [];
  if (asked === 'process') return { mode: asked, unlimited: unlimitedIn(asked), cgroups };
  const uid = process.getuid?.() === 0 ? users.last : undefined;
  try {
    if (await isReady(first)) return { mode: 'sandbox', unlimited: [], cgroups };
    const probing = network === 'none' ? undefined : tryNetwork(network, uid);
    probing?.catch(() => undefined); // of no interest where workers cannot be shut in
    await probeSandbox(users);
    await probing;
  } catch (error) {
    if (asked === 'sandbox' || !(error instanceof WebtaskError)) throw error;
    return { mode: 'process', because: `${error.message} ${error.fix}`, unlimited: unlimitedIn('process'), cgroups };
  }
  return { mode: 'sandbox', unlimited: [], cgroups };
}

/** Whether a worker that is being started shut in gets ready. Where it does not, it is tried why, unless it says so. */
async function isReady(worker: Promise<unknown> | undefined): Promise<boolean> {
  try {
    await worker;
    return worker !== undefined;
  } catch (error) {
    if (error instanceof WebtaskError && error.code === 'SANDBOX_UNAVAILABLE') throw error;
    return false;
  }
}

async function tryNetwork(policy: 'public' | 'all', uid: number | undefined): Promise<void> {
  const { probeNetwork } = await import('./network/index.ts');
  await probeNetwork({ policy, uid });
}

/** Elsewhere than on Linux nobody says what a process uses, and without `prlimit` nothing holds its memory. */
function unlimitedIn(mode: 'inline' | 'process'): string[] {
  const isCounted = mode === 'process' && process.platform === 'linux';
  const isHeld = isCounted && canLimit();
  return [
    ...(isHeld ? [] : ['memory', 'open files']),
    ...(isCounted ? [] : ['CPU time', 'processes']),
    'files of this machine',
    'network',
  ];
}

/** Refuses to let others in where nothing holds what webtasks do. */
export function refuseUnlessShutIn({ mode }: ChosenIsolation, host: string): void {
  if (mode !== 'sandbox') fail('SERVE_NOT_ISOLATED', { host });
}

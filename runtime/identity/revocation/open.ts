import { setTimeout as delay } from 'node:timers/promises';
import { fail } from '../../errors.ts';
import type { Store } from '../../store/index.ts';
import { createClock } from './clock.ts';
import { createCore } from './core.ts';
import { BEAT_MS } from './heartbeat.ts';
import { repeat } from './repeat.ts';
import type { TenantRevocations } from './tenant.ts';

/** How revocation is opened. */
export interface RevocationOptions {
  /** Where entries are kept; all processes that share it see each other's. It is not closed with this. */
  readonly store: Store;
  /** Whose entries are loaded at once. Others are from when they are first asked for. */
  readonly tenants?: readonly string[] | undefined;
  /** How old the knowledge may be that a token is called active by: seconds, 5 unless given, 60 at most. */
  readonly maxStaleness?: number | undefined;
  /** Milliseconds since the epoch; for tests. */
  readonly now?: (() => number) | undefined;
}

/** How far this process knows what is revoked. */
export interface RevocationReadiness {
  /** Whether every tenant is loaded. What each check may be answered by, it says itself. */
  readonly isReady: boolean;
  /** How many tenants are followed, and of how many everything is known. */
  readonly tenants: number;
  readonly ready: number;
  /** How many entries were loaded so far. */
  readonly entries: number;
  /** What the store answered last, where that was an error. */
  readonly problem?: string;
}

/** The revocations of all tenants that share a store. */
export interface Revocation {
  /** Gives those of a tenant, and follows it from then on. */
  tenant(name: string): TenantRevocations;
  readiness(): RevocationReadiness;
  /**
   * Waits until every tenant is loaded.
   *
   * @throws REVOCATION_CLOSED
   */
  ready(): Promise<void>;
  /** Ends it. What is asked afterwards is answered `unknown` soon. */
  close(): Promise<void>;
}

/** How often others' changes are read. */
export const POLL_MS = 250;
const LOAD_MS = 100;
/** A part of 256 each time: all of the table in a quarter of an hour. */
const TABLE_SWEEP_MS = 4_000;
const STORE_SWEEP_MS = 10 * 60 * 1000;
const MAX_STALENESS = 60;

/**
 * Opens the denylist of a store: what one process revokes, all others that have opened it refuse within a second or so,
 * and none of them calls a token active by knowledge that is older than allowed.
 *
 * @throws REVOCATION_OPTION_INVALID
 * @example
 * const revocation = openRevocation({ store: await openStore('./data', process.env), tenants: ['acme'] });
 * await revocation.ready();
 * const { status } = revocation.tenant('acme').check(verifiedToken); // 'active', 'revoked' or 'unknown'
 */
export function openRevocation(options: RevocationOptions): Revocation {
  const { store, tenants = [], maxStaleness = 5, now = Date.now } = options;
  if (!(maxStaleness > 0 && maxStaleness <= MAX_STALENESS)) {
    fail('REVOCATION_OPTION_INVALID', {
      option: 'maxStaleness',
      reason: `is no number of seconds above 0 and up to ${MAX_STALENESS}`,
    });
  }
  const core = createCore({ store, clock: createClock(now), maxStalenessMs: maxStaleness * 1000 });
  for (const name of tenants) core.tenant(name);
  let problem: string | undefined;
  let isClosed = false;

  /** What the store refuses is tried again, and told meanwhile. */
  const attempt = (call: () => Promise<void>) => async (): Promise<void> => {
    try {
      await call();
      problem = undefined;
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
  };

  const stops = [
    repeat(BEAT_MS, attempt(core.member.beat)),
    repeat(POLL_MS, attempt(core.poll)),
    repeat(LOAD_MS, attempt(core.load)),
    repeat(TABLE_SWEEP_MS, async () => core.denylist.sweep()),
    repeat(STORE_SWEEP_MS, attempt(core.sweep)),
  ];

  function readiness(): RevocationReadiness {
    const all = core.tenants();
    const ready = all.filter(({ isReady }) => isReady).length;
    return {
      isReady: ready === all.length,
      tenants: all.length,
      ready,
      entries: core.denylist.table.size(),
      ...(problem !== undefined && { problem }),
    };
  }

  return {
    tenant: core.tenant,
    readiness,
    async ready() {
      while (!readiness().isReady) {
        if (isClosed) fail('REVOCATION_CLOSED');
        await delay(LOAD_MS / 4);
      }
    },
    async close() {
      isClosed = true;
      await Promise.all(stops.map((stop) => stop()));
    },
  };
}

import { setTimeout as delay } from 'node:timers/promises';
import { fail } from '../../errors.ts';
import type { Store } from '../../store/index.ts';
import { createClock } from './clock.ts';
import { createCore } from './core.ts';
import { BEAT_MS } from './heartbeat.ts';
import { RETENTION_MS } from './log.ts';
import { repeat } from './repeat.ts';
import { share } from './share.ts';
import { readSnapshot, writeSnapshot } from './snapshot-file.ts';
import type { TenantRevocations } from './tenant.ts';

/** How revocation is opened. */
export interface RevocationOptions {
  /** Where entries are kept; all processes that share it see each other's. It is not closed with this. */
  readonly store: Store;
  /** Whose entries are loaded at once. Others are from when they are first asked for. */
  readonly tenants?: readonly string[] | undefined;
  /** How old the knowledge may be that a token is called active by: seconds, 5 unless given, 60 at most. */
  readonly maxStaleness?: number | undefined;
  /** Where what is known is written down from time to time, so that the next start is quick. */
  readonly dataFolder?: string | undefined;
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
  /** Whether it began with what an earlier process knew, or why not. */
  readonly snapshot?: string;
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
const READY_MS = 10;
/** A part of 256 each time: all of the table in a quarter of an hour. */
const TABLE_SWEEP_MS = 4_000;
const STORE_SWEEP_MS = 10 * 60 * 1000;
const SNAPSHOT_MS = 5 * 60 * 1000;
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
  const { store, tenants = [], maxStaleness = 5, dataFolder, now = Date.now } = options;
  if (!(maxStaleness > 0 && maxStaleness <= MAX_STALENESS)) {
    fail('REVOCATION_OPTION_INVALID', {
      option: 'maxStaleness',
      reason: `is no number of seconds above 0 and up to ${MAX_STALENESS}`,
    });
  }
  const read = dataFolder === undefined ? undefined : readSnapshot(dataFolder, now(), RETENTION_MS / 2);
  const snapshot = typeof read === 'string' ? undefined : read;
  const core = createCore({ store, clock: createClock(now), maxStalenessMs: maxStaleness * 1000, snapshot });
  for (const name of tenants) core.tenant(name);
  const problems = new Map<string, string>();
  let isClosed = false;

  /** Makes a call of which it is told whether it succeeded: what the store refuses is tried again. */
  const attempt = (name: string, call: () => Promise<void>) => async (): Promise<void> => {
    try {
      await call();
      problems.delete(name);
    } catch (error) {
      problems.set(name, error instanceof Error ? error.message : String(error));
    }
  };

  const beat = attempt('beat', core.member.beat);
  const poll = attempt('poll', core.poll);
  const load = share(attempt('load', core.load));
  const saving = attempt('save', save);
  const firstBeat = beat(); // without one, no poll is complete
  let loading: Promise<void> | undefined;
  const stops = [
    repeat(BEAT_MS, beat, BEAT_MS),
    repeat(POLL_MS, async () => {
      await firstBeat;
      await poll();
      loading = load(); // which may take many polls
    }),
    repeat(TABLE_SWEEP_MS, async () => core.denylist.sweep()),
    repeat(STORE_SWEEP_MS, attempt('sweep', core.sweep), STORE_SWEEP_MS),
    repeat(SNAPSHOT_MS, saving, SNAPSHOT_MS),
  ];

  async function save(): Promise<void> {
    const known = core.snapshot();
    if (dataFolder !== undefined && known) await writeSnapshot(dataFolder, known);
  }

  function readiness(): RevocationReadiness {
    const all = core.tenants();
    const [problem] = problems.values();
    const ready = all.filter(({ isReady }) => isReady).length;
    return {
      isReady: ready === all.length,
      tenants: all.length,
      ready,
      entries: core.denylist.table().size(),
      ...(read !== undefined && { snapshot: typeof read === 'string' ? read : 'loaded' }),
      ...(problem !== undefined && { problem }),
    };
  }

  return {
    tenant: core.tenant,
    readiness,
    async ready() {
      while (!readiness().isReady) {
        if (isClosed) fail('REVOCATION_CLOSED');
        await delay(READY_MS);
      }
    },
    async close() {
      isClosed = true;
      await Promise.all(stops.map((stop) => stop()));
      await loading;
      await saving();
    },
  };
}

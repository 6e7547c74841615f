import type { Store } from '../../store/index.ts';
import type { Clock } from './clock.ts';
import { createDenylist, type Denylist } from './denylist.ts';
import { createFeed, type Feed } from './feed.ts';
import { createMember, type Member } from './heartbeat.ts';
import { type Change, createLog, type Log, RETENTION_MS } from './log.ts';
import { createRecords, SHARDS } from './records.ts';
import { bury, sweepTenant } from './sweep.ts';
import { createTenant, type TenantRevocations } from './tenant.ts';

/** What is known of the tenants that a process follows. */
export interface Core {
  readonly member: Member;
  readonly log: Log;
  readonly feed: Feed;
  readonly denylist: Denylist;
  /** Gives the revocations of a tenant, and follows it from then on. */
  tenant(name: string): TenantRevocations;
  /**
   * Reads what is new, and finds out whether everything must be loaded anew.
   *
   * @throws STORE_UNREACHABLE
   */
  poll(): Promise<void>;
  /**
   * Loads the entries of the tenants that are followed and not loaded, once a poll has told what it need not read.
   *
   * @throws STORE_UNREACHABLE
   */
  load(): Promise<void>;
  /**
   * Removes from the store what nobody needs any more: old items of logs, processes that ended, entries that ended.
   *
   * @throws STORE_UNREACHABLE
   */
  sweep(): Promise<void>;
  /** The tenants that are followed, and whether each is loaded and proven fresh. */
  tenants(): readonly { readonly name: string; readonly isReady: boolean }[];
}

/** A tenant that is followed. */
interface Followed {
  readonly revocations: TenantRevocations;
  isLoaded: boolean;
  /** The first poll that tells everything about it. */
  readyFrom: number;
}

/** What a core works with. */
export interface CoreOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** How old what is known may be. */
  readonly maxStalenessMs: number;
  /** How long logs are kept, and the heartbeats of who has ended. */
  readonly retentionMs?: number | undefined;
  readonly newId?: (() => string) | undefined;
}

/** Makes what revocation consists of, without what drives it: heartbeats, polls and loads are made when they are called. */
export function createCore({ store, clock, maxStalenessMs, retentionMs = RETENTION_MS, newId }: CoreOptions): Core {
  const records = createRecords(store);
  const denylist = createDenylist(() => clock().wall / 1000);
  const member = createMember(store, clock, newId);
  const log = createLog(store, member, clock, retentionMs);
  const followed = new Map<string, Followed>();
  const apply = (change: Change): void => {
    if (followed.has(change.tenant)) denylist.add(change);
  };
  const feed = createFeed(store, member, clock, apply, { retentionMs });

  const isReady = ({ isLoaded, readyFrom }: Followed): boolean => isLoaded && feed.completed() >= readyFrom;

  function follow(name: string): Followed {
    const parts = { records, denylist, log, clock, maxStalenessMs };
    const it: Followed = {
      revocations: createTenant(name, { ...parts, asOf: () => (isReady(it) ? feed.asOf() : undefined), refresh }),
      isLoaded: false,
      readyFrom: feed.goBack(),
    };
    followed.set(name, it);
    return it;
  }

  async function refresh(): Promise<void> {
    await member.beat();
    await poll();
  }

  async function poll(): Promise<void> {
    await feed.poll();
    if (!feed.isBroken()) return;
    feed.restart();
    for (const it of followed.values()) {
      it.isLoaded = false;
      it.readyFrom = feed.goBack();
    }
  }

  async function loadTenant(name: string, it: Followed): Promise<void> {
    const { readyFrom } = it;
    const shards = Array.from({ length: SHARDS }, async (_, shard) => {
      for await (const entries of records.list(name, shard)) entries.forEach(denylist.add);
    });
    await Promise.all(shards);
    // It may have to be loaded anew meanwhile.
    if (it.readyFrom === readyFrom) it.isLoaded = true;
  }

  return {
    member,
    log,
    feed,
    denylist,
    tenant: (name) => (followed.get(name) ?? follow(name)).revocations,
    poll,
    async load() {
      for (const [name, it] of followed) {
        if (!it.isLoaded && feed.wentBack() >= it.readyFrom) await loadTenant(name, it);
      }
    },
    async sweep() {
      await log.trim();
      for (const heartbeat of feed.silent(retentionMs)) await bury(store, heartbeat);
      for (const name of followed.keys()) await sweepTenant(store, records, name, clock().wall / 1000);
    },
    tenants: () => [...followed].map(([name, it]) => ({ name, isReady: isReady(it) })),
  };
}

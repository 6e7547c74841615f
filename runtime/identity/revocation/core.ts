import type { Store } from '../../store/index.ts';
import type { Clock, Moment } from './clock.ts';
import { createDenylist, type Denylist } from './denylist.ts';
import { createFeed, type Feed, type FeedOptions } from './feed.ts';
import { createReadFeed, type Progress } from './feed-pages.ts';
import { createMember, type Member } from './heartbeat.ts';
import { createLog, type Log, type LogItem, RETENTION_MS } from './log.ts';
import { createRecent } from './recent.ts';
import { createRecords, SHARDS } from './records.ts';
import type { Snapshot } from './snapshot.ts';
import { readStoreId } from './store-id.ts';
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
  /** What is known, for a later process; nothing where not even one tenant is known well. */
  snapshot(): Snapshot | undefined;
  /** The tenants that are followed, and whether each is loaded and proven fresh. */
  tenants(): readonly { readonly name: string; readonly isReady: boolean }[];
}

/** Tenants; of each all shards. */
const LOADED_AT_ONCE = 8;

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
  /** What an earlier process knew. */
  readonly snapshot?: Snapshot | undefined;
}

/** Makes what revocation consists of, without what drives it: heartbeats, polls and loads are made when they are called. */
export function createCore({
  store,
  clock,
  maxStalenessMs,
  retentionMs = RETENTION_MS,
  newId,
  snapshot,
}: CoreOptions): Core {
  const records = createRecords(store);
  const denylist = createDenylist(() => clock().wall / 1000, snapshot);
  const member = createMember(store, clock, newId);
  const recent = createRecent();
  const log = createLog(store, member, clock, retentionMs, recent.note);
  const followed = new Map<string, Followed>();
  const apply = (writer: string, item: LogItem): void => {
    for (const change of item.changes) if (followed.has(change.tenant)) denylist.add(change);
    recent.note(writer, item);
  };
  const feed = createFeed(store, member, clock, apply, { retentionMs, kept: snapshot && keptOf(snapshot, clock()) });
  let storeId: string | undefined;

  const isReady = ({ isLoaded, readyFrom }: Followed): boolean => isLoaded && feed.completed() >= readyFrom;

  function follow(name: string): Followed {
    const asOf = () => (isReady(it) ? feed.asOf() : undefined);
    const readFeed = createReadFeed(name, { records, recent, clock, progress: () => progressUntil(asOf()) });
    const parts = { records, denylist, log, clock, maxStalenessMs, asOf, refresh, readFeed };
    const it: Followed = {
      revocations: createTenant(name, parts),
      ...(snapshot?.tenants.includes(name) && storeId === undefined
        ? { isLoaded: true, readyFrom: 1 }
        : { isLoaded: false, readyFrom: feed.goBack() }),
    };
    followed.set(name, it);
    return it;
  }

  async function refresh(): Promise<void> {
    await member.beat();
    await poll();
  }

  async function poll(): Promise<void> {
    const isOther = storeId === undefined && !(await isSameStore());
    if (!isOther) await feed.poll();
    if (isOther) denylist.clear();
    if (isOther || feed.isBroken()) startAgain();
    recent.retain(new Set([...feed.positions().keys(), member.id()]));
  }

  /** How far all logs are known, for who follows over HTTP. */
  function progressUntil(asOf: Moment | undefined): Progress | undefined {
    if (asOf === undefined || storeId === undefined) return undefined;
    const logs = new Map(
      [...feed.positions()].map(([id, position]) => [id, { position, settled: feed.settled(id) }] as const),
    );
    logs.set(member.id(), { position: member.last(), settled: member.settled() });
    return { storeId, asOf, burials: feed.burials(), logs };
  }

  /** Whether what is known from a snapshot is of this store. */
  async function isSameStore(): Promise<boolean> {
    storeId = await readStoreId(store);
    return snapshot === undefined || snapshot.store === storeId;
  }

  /** Has everything be loaded anew. */
  function startAgain(): void {
    feed.restart();
    recent.clear();
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
      const missing = [...followed].filter(([, it]) => !it.isLoaded && feed.wentBack() >= it.readyFrom);
      for (let at = 0; at < missing.length; at += LOADED_AT_ONCE) {
        await Promise.all(missing.slice(at, at + LOADED_AT_ONCE).map(([name, it]) => loadTenant(name, it)));
      }
    },
    async sweep() {
      await log.trim();
      for (const heartbeat of feed.silent(retentionMs)) await bury(store, heartbeat);
      // Whose clock is wrong nobody can tell; what has ended by one of them may not have.
      if (!feed.agreesOnTime()) return;
      for (const name of followed.keys()) await sweepTenant(store, records, name, clock().wall / 1000);
    },
    snapshot() {
      const asOf = feed.asOf()?.wall;
      const tenants = [...followed].flatMap(([name, it]) => (isReady(it) ? [name] : []));
      if (asOf === undefined || storeId === undefined || tenants.length === 0) return undefined;
      const positions = [...feed.positions(), [member.id(), member.last()] as const];
      return { store: storeId, tenants, asOf, positions, ends: denylist.ends(), parts: denylist.table().parts() };
    },
    tenants: () => [...followed].map(([name, it]) => ({ name, isReady: isReady(it) })),
  };
}

/** What a feed goes on with. How old it is, only the time of day can tell. */
function keptOf({ positions, asOf }: Snapshot, now: Moment): FeedOptions['kept'] {
  return { positions: new Map(positions), asOf: { wall: asOf, steady: now.steady - (now.wall - asOf) } };
}

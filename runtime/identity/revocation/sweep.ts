import { hash } from 'node:crypto';
import type { Item, Store } from '../../store/index.ts';
import { noteBurial } from './burials.ts';
import { CLOCKS_DIFFER } from './clock.ts';
import { type Heartbeat, toHeartbeat } from './heartbeat.ts';
import { removeLog } from './log.ts';
import { type Records, SHARDS } from './records.ts';

/** How often the entries of a tenant are gone through, by whoever comes first: seconds. */
const TENANT_EVERY = 6 * 60 * 60;

/**
 * Removes what a process has left that was silent for long.
 *
 * Its heartbeat goes last, and says until then that there is nothing to read: whoever finds only a part of its log
 * would take that for a part of the truth. Before, it is noted as one of those that are gone. Should the process be there after all, it has written another heartbeat, or
 * finds that it is buried, and starts again by another name: it could not say any more what is missing in its log.
 *
 * @param heartbeat - its last one
 */
export async function bury(store: Store, heartbeat: Item): Promise<void> {
  const said = toHeartbeat(heartbeat);
  const { last } = said;
  const buried: Heartbeat = { ...said, settled: last, isBuried: true };
  const written = await store.put(heartbeat, buried, { expected: heartbeat.version });
  if (!written.ok) return;
  await noteBurial(store, heartbeat.sort, last);
  await removeLog(store, heartbeat.sort, last);
  await store.remove(heartbeat, written.version);
}

/**
 * Removes the entries of a tenant whose tokens have ended: four times a day, by one process of all.
 *
 * @param now - seconds since the epoch
 */
export async function sweepTenant(store: Store, records: Records, tenant: string, now: number): Promise<void> {
  const place = { partition: 'revocation/sweeps', sort: hash('sha256', tenant, 'base64url') };
  const before = await store.get(place);
  if (before && now - (before.value as { at: number }).at < TENANT_EVERY) return;
  const written = await store.put(place, { at: now }, { expected: before?.version ?? null });
  if (!written.ok) return;
  // Once more by what clocks may differ: who is behind still refuses the tokens until then.
  for (let shard = 0; shard < SHARDS; shard++) await records.sweep(tenant, shard, now - 2 * CLOCKS_DIFFER);
}

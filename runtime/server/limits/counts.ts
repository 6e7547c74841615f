import type { Item } from '../../store/index.ts';
import { type Allowance, type LimitClaim, PERIOD_OF } from './allowances.ts';
import { windowOf } from './windows.ts';

/** What is kept of one limit: how much of its window is given out to servers. */
export interface Count {
  /** When the window began, in seconds since the epoch. */
  readonly window: number;
  readonly reserved: number;
  /** The largest limit that was asked for in this window. */
  readonly limit: number;
}

export type Counts = Readonly<Partial<Record<LimitClaim, Count>>>;

/** What the store holds of a scope. */
export interface StoredCounts {
  /** The containers that a token is for. */
  readonly ten?: string | undefined;
  readonly counts: Counts;
  /** The day on which they are removed, in days since the epoch. */
  readonly ending?: number | undefined;
}

/** Runs of one window that this server may let through, by their number in the window: from `next` to below `end`. */
export interface Block {
  readonly window: number;
  next: number;
  readonly end: number;
}

/** Seconds that counts are kept for after their last window has ended, so that a reader finds out about them. */
const KEPT = 86_400;

/**
 * Takes the next block of a limit: a tenth of it, at least one run, and never what is above it.
 *
 * A window that is later than this server's clock says stays the current one: some other server is ahead.
 *
 * @param now - seconds since the epoch
 * @returns `undefined` where nothing is left
 */
export function takeBlock(
  count: Count | undefined,
  { period, limit }: Allowance,
  now: number,
): { block: Block; count: Count } | undefined {
  const { start } = windowOf(period, now);
  const current = count !== undefined && count.window >= start ? count : { window: start, reserved: 0, limit };
  const end = Math.min(limit, current.reserved + Math.max(1, Math.floor(limit / 10)));
  if (end <= current.reserved) return undefined;
  const { window } = current;
  return {
    block: { window, next: current.reserved, end },
    count: { window, reserved: end, limit: Math.max(limit, current.limit) },
  };
}

/** When nobody has to know of counts any more, in seconds since the epoch. */
export function expiryOf(counts: Counts): number {
  const ends = entriesOf(counts).map(([claim, { window }]) => windowOf(PERIOD_OF[claim], window).end);
  return Math.max(...ends) + KEPT;
}

export function entriesOf(counts: Counts): [LimitClaim, Count][] {
  return Object.entries(counts) as [LimitClaim, Count][]; // as its type says
}

export function readCounts(item: Item | undefined): StoredCounts {
  return (item?.value as StoredCounts | undefined) ?? { counts: {} }; // as Tally wrote it
}

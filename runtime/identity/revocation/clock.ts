/** A moment, as two clocks say it. */
export interface Moment {
  /** Milliseconds since the epoch, which somebody may set. */
  readonly wall: number;
  /** Milliseconds since some start, which only grow, but not while the machine sleeps. */
  readonly steady: number;
}

/** Tells the time. */
export type Clock = () => Moment;

/** Makes a clock of the time of day and of the time that the process has run. */
export function createClock(now: () => number, steady: () => number = () => performance.now()): Clock {
  return () => ({ wall: now(), steady: steady() });
}

/** How far clocks may be apart, of issuers, of those who check, and of one that is set: seconds. */
export const CLOCKS_DIFFER = 60 * 60;

/**
 * How long ago something was, in milliseconds: as long as either clock says. One that was set back makes nothing
 * younger, nor does one that slept.
 *
 * Where the time of day was set back by more than clocks may differ, it was wrong before: what had ended by it may not
 * have, and nothing that was known then is.
 */
export function ageOf(moment: Moment, now: Moment): number {
  const byWall = now.wall - moment.wall;
  if (byWall < -CLOCKS_DIFFER * 1000) return Number.POSITIVE_INFINITY;
  return Math.max(byWall, now.steady - moment.steady);
}

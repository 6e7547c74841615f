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

/**
 * How long ago something was, in milliseconds: as long as either clock says. One that was set back makes nothing
 * younger, nor does one that slept.
 */
export function ageOf(moment: Moment, now: Moment): number {
  return Math.max(now.wall - moment.wall, now.steady - moment.steady);
}

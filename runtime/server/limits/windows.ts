/** The periods that a limit may be for. */
export type Period = 'second' | 'minute' | 'hour' | 'day' | 'week' | 'month';

/** A stretch of time in which runs are counted: seconds since the epoch, the end not included. */
export interface Window {
  readonly start: number;
  readonly end: number;
}

const SECONDS = { second: 1, minute: 60, hour: 3600, day: 86_400, week: 604_800 } as const;

/** The epoch was a Thursday. */
const FIRST_MONDAY = 4 * SECONDS.day;

/**
 * Says in which window of a period a time is. Windows are those of the calendar in UTC, weeks begin on Monday: so all
 * servers count in the same ones without asking each other.
 *
 * @param time - seconds since the epoch
 *
 * @example
 * windowOf('minute', 90); // { start: 60, end: 120 }
 */
export function windowOf(period: Period, time: number): Window {
  if (period === 'month') {
    const date = new Date(time * 1000);
    const firstOf = (month: number): number => Date.UTC(date.getUTCFullYear(), month) / 1000;
    return { start: firstOf(date.getUTCMonth()), end: firstOf(date.getUTCMonth() + 1) };
  }
  const length = SECONDS[period];
  const offset = period === 'week' ? FIRST_MONDAY : 0;
  const start = Math.floor((time - offset) / length) * length + offset;
  return { start, end: start + length };
}

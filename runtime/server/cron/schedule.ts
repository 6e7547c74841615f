import type { CronOptions } from 'croner';
import { fail } from '../../errors.ts';

/** When a job may run: what its token says. Seconds since the epoch. */
export interface ValidTimes {
  readonly nbf?: number | undefined;
  readonly exp?: number | undefined;
}

const NICKNAME = /^@(yearly|annually|monthly|weekly|daily|hourly)$/i;
const MINUTE_MS = 60_000;
const MAX_LENGTH = 256;

/**
 * Says when a schedule comes next, strictly after a time.
 *
 * Where clocks are put forward, a time that is left out comes as much later; where they are put back, a time that comes
 * twice is taken once, the second time. A job of every hour (`*`) follows time itself instead: it comes in both hours.
 *
 * @param schedule - five fields (minute, hour, day of month, month, day of week), or a name such as `@daily`
 * @param tz - IANA name of a time zone
 * @param after - milliseconds since the epoch
 * @returns milliseconds since the epoch; `undefined` where it never comes
 * @throws CRON_SCHEDULE_INVALID, CRON_TIMEZONE_UNKNOWN
 *
 * @example
 * await nextTime('5 9 * * 2', 'Europe/Rome', Date.now());
 */
export async function nextTime(schedule: string, tz: string, after: number): Promise<number | undefined> {
  checkTimeZone(tz);
  const pattern = toPattern(schedule);
  const { Cron } = await import('croner');
  const next = (options: CronOptions): number | undefined => {
    try {
      return new Cron(pattern, { ...options, paused: true }).nextRun(new Date(after))?.getTime();
    } catch (error) {
      const reason = (error as Error).message.replace(/^CronPattern: /, ''); // croner throws errors only
      return fail('CRON_SCHEDULE_INVALID', { schedule, reason }, { cause: error });
    }
  };
  const found = next({ timezone: tz });
  if (found === undefined || !/^\S+ \* /.test(pattern)) return found;
  // croner goes by the clock on the wall, where the hour that comes twice is one hour.
  const offsets = new Set([offsetAt(after, tz), offsetAt(found, tz)]);
  const times = [...offsets].map((offset): number => {
    const time = next({ utcOffset: offset });
    return time !== undefined && offsetAt(time, tz) === offset ? time : found;
  });
  return Math.min(found, ...times);
}

/**
 * Says when a job comes next while its token is valid.
 *
 * @param now - milliseconds since the epoch
 * @returns milliseconds since the epoch
 * @throws CRON_SCHEDULE_INVALID, CRON_TIMEZONE_UNKNOWN, CRON_NEVER
 */
export async function nextValidTime(
  schedule: string,
  tz: string,
  now: number,
  { nbf, exp }: ValidTimes,
): Promise<number> {
  // A token is valid in the very second of its `nbf`.
  const next = await nextTime(schedule, tz, nbf === undefined ? now : Math.max(now, nbf * 1000 - 1000));
  if (next === undefined) return fail('CRON_NEVER', { schedule, reason: 'there is no such day' });
  if (exp !== undefined && next >= exp * 1000) {
    const reason = `the token of the webtask expires at ${new Date(exp * 1000).toISOString()}`;
    return fail('CRON_NEVER', { schedule, reason });
  }
  return next;
}

/** croner also takes seconds, and dates; a `?` would mean the day on which it is read. */
function toPattern(schedule: string): string {
  const text = schedule.trim();
  if (schedule.length > MAX_LENGTH) {
    const reason = `it has ${schedule.length} characters, and ${MAX_LENGTH} are taken`;
    return fail('CRON_SCHEDULE_INVALID', { schedule: `${schedule.slice(0, 20)}…`, reason });
  }
  if (NICKNAME.test(text)) return text;
  const fields = text.split(/\s+/);
  if (fields.length !== 5) {
    const reason = text === '' ? 'it is empty' : `it has ${fields.length} field${fields.length === 1 ? '' : 's'}`;
    return fail('CRON_SCHEDULE_INVALID', { schedule, reason });
  }
  return fields.map((field) => (field === '?' ? '*' : field)).join(' ');
}

/** @throws CRON_TIMEZONE_UNKNOWN */
function checkTimeZone(tz: string): void {
  try {
    new Intl.DateTimeFormat('en', { timeZone: tz });
  } catch {
    fail('CRON_TIMEZONE_UNKNOWN', { tz });
  }
}

/** Minutes that the clocks of a time zone are ahead of UTC. */
function offsetAt(time: number, tz: string): number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: tz,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  const parts = Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = parts;
  return Math.round((Date.UTC(year, month - 1, day, hour, minute) - time) / MINUTE_MS);
}

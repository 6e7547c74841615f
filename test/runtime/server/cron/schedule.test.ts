import { expect } from 'chai';
import fc from 'fast-check';
import { nextTime, nextValidTime } from '../../../../runtime/server/cron/schedule.ts';
import { refusalOf as refusal } from '../../../support/refusal.ts';

/** The next times of a schedule, in ISO 8601 without seconds. */
async function times(schedule: string, tz: string, from: string, count: number): Promise<string[]> {
  const found: string[] = [];
  for (let after = Date.parse(from); found.length < count; ) {
    const next = (await nextTime(schedule, tz, after)) ?? Number.NaN;
    found.push(new Date(next).toISOString().replace(':00.000Z', 'Z'));
    after = next;
  }
  return found;
}

describe('the next time of a schedule', () => {
  it('is in its time zone', async () => {
    expect(await times('5 9 * * 2', 'UTC', '2026-11-01T00:00Z', 2)).to.deep.equal([
      '2026-11-03T09:05Z',
      '2026-11-10T09:05Z',
    ]);
    expect(await times('5 9 * * 2', 'Asia/Tokyo', '2026-11-01T00:00Z', 1)).to.deep.equal(['2026-11-03T00:05Z']);
  });

  it('is after the time that is given, and never that time itself', async () => {
    expect(await times('* * * * *', 'UTC', '2026-11-01T10:00Z', 1)).to.deep.equal(['2026-11-01T10:01Z']);
    expect(await times('* * * * *', 'UTC', '2026-11-01T10:00:00.900Z', 1)).to.deep.equal(['2026-11-01T10:01Z']);
    expect(await times('* * * * *', 'UTC', '2026-11-01T09:59:59.999Z', 1)).to.deep.equal(['2026-11-01T10:00Z']);
  });

  it('takes what wt-cli makes of intervals: a range with a step', async () => {
    expect(await times('1-59/5 * * * *', 'UTC', '2026-11-01T10:50Z', 3)).to.deep.equal([
      '2026-11-01T10:51Z',
      '2026-11-01T10:56Z',
      '2026-11-01T11:01Z',
    ]);
  });

  it('takes names of schedules, of days and of months, and ? for any', async () => {
    expect(await times('@daily', 'UTC', '2026-11-01T10:00Z', 1)).to.deep.equal(['2026-11-02T00:00Z']);
    expect(await times('0 6 ? JAN MON', 'UTC', '2026-11-01T10:00Z', 1)).to.deep.equal(['2027-01-04T06:00Z']);
    expect(await times('0 6 ? * *', 'UTC', '2026-11-01T10:00Z', 1)).to.deep.equal(['2026-11-02T06:00Z']);
  });

  it('is on either day where both a day of the month and one of the week are given, as in crontab(5)', async () => {
    expect(await times('0 0 13 * 5', 'UTC', '2026-11-08T00:00Z', 3)).to.deep.equal([
      '2026-11-13T00:00Z',
      '2026-11-20T00:00Z',
      '2026-11-27T00:00Z',
    ]);
  });

  describe('where clocks are put forward', () => {
    it('comes an hour later where its own hour is left out', async () => {
      expect(await times('30 2 * * *', 'Europe/Rome', '2026-03-28T12:00Z', 2)).to.deep.equal([
        '2026-03-29T01:30Z',
        '2026-03-30T00:30Z',
      ]);
      expect(await times('30 2 * * *', 'America/New_York', '2026-03-07T12:00Z', 2)).to.deep.equal([
        '2026-03-08T07:30Z',
        '2026-03-09T06:30Z',
      ]);
    });

    it('goes on without a break for a job of every hour', async () => {
      expect(await times('*/30 * * * *', 'Europe/Rome', '2026-03-29T00:00Z', 4)).to.deep.equal([
        '2026-03-29T00:30Z',
        '2026-03-29T01:00Z',
        '2026-03-29T01:30Z',
        '2026-03-29T02:00Z',
      ]);
    });
  });

  describe('where clocks are put back', () => {
    it('comes once where its hour comes twice', async () => {
      expect(await times('30 2 * * *', 'Europe/Rome', '2026-10-24T12:00Z', 2)).to.deep.equal([
        '2026-10-25T01:30Z',
        '2026-10-26T01:30Z',
      ]);
    });

    it('comes in both hours for a job of every hour, which would else rest for an hour', async () => {
      expect(await times('*/30 * * * *', 'Europe/Rome', '2026-10-24T23:00Z', 7)).to.deep.equal([
        '2026-10-24T23:30Z',
        '2026-10-25T00:00Z',
        '2026-10-25T00:30Z',
        '2026-10-25T01:00Z',
        '2026-10-25T01:30Z',
        '2026-10-25T02:00Z',
        '2026-10-25T02:30Z',
      ]);
      expect(await times('15 * * * *', 'America/New_York', '2026-11-01T04:00Z', 4)).to.deep.equal([
        '2026-11-01T04:15Z',
        '2026-11-01T05:15Z',
        '2026-11-01T06:15Z',
        '2026-11-01T07:15Z',
      ]);
    });

    it('goes on without a break where clocks are put back by half an hour', async () => {
      expect(await times('*/15 * * * *', 'Australia/Lord_Howe', '2026-04-04T14:30Z', 4)).to.deep.equal([
        '2026-04-04T14:45Z',
        '2026-04-04T15:00Z',
        '2026-04-04T15:15Z',
        '2026-04-04T15:30Z',
      ]);
    });
  });

  it('is none on a day that there is not', async () => {
    expect(await nextTime('0 0 30 2 *', 'UTC', Date.parse('2026-11-01'))).to.equal(undefined);
    expect(await times('0 0 29 2 *', 'UTC', '2026-11-01T00:00Z', 1)).to.deep.equal(['2028-02-29T00:00Z']);
  });

  for (const [schedule, reason] of [
    ['', 'it is empty'],
    ['* * * *', 'it has 4 fields'],
    ['0 * * * * *', 'it has 6 fields'],
    ['2026-12-01T00:00:00', 'it has 1 field'],
    ['@reboot', 'it has 1 field'],
    ['60 * * * *', 'Invalid value for minute: 60'],
  ] as const) {
    it(`is refused for "${schedule}", and why is said`, async () => {
      expect(await refusal(nextTime(schedule, 'UTC', 0))).to.include({
        code: 'CRON_SCHEDULE_INVALID',
        message: `the schedule \`${schedule}\` cannot be used: ${reason}`,
      });
    });
  }

  it('is refused where it is longer than any that means something', async () => {
    expect(await refusal(nextTime(`0${',0'.repeat(200)} * * * *`, 'UTC', 0))).to.include({
      code: 'CRON_SCHEDULE_INVALID',
      message: 'the schedule `0,0,0,0,0,0,0,0,0,0,…` cannot be used: it has 409 characters, and 256 are taken',
    });
  });

  it('is a later minute, or none, or refused in words, whatever is written', async () => {
    const field = fc.string({ unit: fc.constantFrom(...'0123456789*,/-?LW#+ MONJA'), minLength: 1, maxLength: 8 });
    const after = Date.parse('2026-10-24T23:59:30Z');
    const zone = fc.constantFrom('UTC', 'Europe/Rome', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu');
    const schedules = fc.oneof(
      fc.string(),
      fc.array(field, { minLength: 5, maxLength: 5 }).map((it) => it.join(' ')),
    );
    await fc.assert(
      fc.asyncProperty(schedules, zone, async (schedule, tz) => {
        const next = await nextTime(schedule, tz, after).catch((error: unknown) => {
          expect(error).to.include({ code: 'CRON_SCHEDULE_INVALID' });
        });
        if (next === undefined) return;
        expect(next).to.be.above(after);
        expect(next % 60_000).to.equal(0);
      }),
      { numRuns: 300 },
    );
  });

  it('is refused for a time zone that there is not', async () => {
    expect(await refusal(nextTime('* * * * *', 'Mars/Olympus', 0))).to.include({
      code: 'CRON_TIMEZONE_UNKNOWN',
      message: 'there is no time zone `Mars/Olympus`',
    });
  });
});

describe('the next time of a job whose token is valid for a while', () => {
  const now = Date.parse('2026-11-01T10:00Z');
  const at = (iso: string): number => Date.parse(iso) / 1000;

  it('is not before the token is valid, and may be in its first second', async () => {
    const next = await nextValidTime('0 12 * * *', 'UTC', now, { nbf: at('2026-11-05T12:00Z') });
    expect(new Date(next).toISOString()).to.equal('2026-11-05T12:00:00.000Z');
  });

  it('is refused where it would be when the token has expired', async () => {
    expect(await nextValidTime('0 12 * * *', 'UTC', now, { exp: at('2026-11-01T12:00:01Z') })).to.be.above(now);
    expect(await refusal(nextValidTime('0 12 * * *', 'UTC', now, { exp: at('2026-11-01T12:00Z') }))).to.include({
      code: 'CRON_NEVER',
      message: 'the schedule `0 12 * * *` never comes: the token of the webtask expires at 2026-11-01T12:00:00.000Z',
    });
  });
});

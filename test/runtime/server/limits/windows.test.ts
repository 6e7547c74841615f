import { expect } from 'chai';
import { type Period, windowOf } from '../../../../runtime/server/limits/windows.ts';

const at = (text: string): number => Date.parse(text) / 1000;

function windowAt(period: Period, time: string): [start: string, end: string] {
  const { start, end } = windowOf(period, at(time));
  return [new Date(start * 1000).toISOString(), new Date(end * 1000).toISOString()];
}

describe('the window of a limit', () => {
  it('is the second, minute, hour or day of the calendar in UTC', () => {
    const time = '2026-11-22T21:40:07.250Z';
    expect(windowAt('second', time)).to.deep.equal(['2026-11-22T21:40:07.000Z', '2026-11-22T21:40:08.000Z']);
    expect(windowAt('minute', time)).to.deep.equal(['2026-11-22T21:40:00.000Z', '2026-11-22T21:41:00.000Z']);
    expect(windowAt('hour', time)).to.deep.equal(['2026-11-22T21:00:00.000Z', '2026-11-22T22:00:00.000Z']);
    expect(windowAt('day', time)).to.deep.equal(['2026-11-22T00:00:00.000Z', '2026-11-23T00:00:00.000Z']);
  });

  it('of a week begins on Monday', () => {
    const week = ['2026-11-16T00:00:00.000Z', '2026-11-23T00:00:00.000Z'];
    expect(windowAt('week', '2026-11-16T00:00:00.000Z')).to.deep.equal(week);
    expect(windowAt('week', '2026-11-22T23:59:59.999Z')).to.deep.equal(week);
    expect(windowAt('week', '2026-11-23T00:00:00.000Z')).to.deep.equal([week[1], '2026-11-30T00:00:00.000Z']);
    expect(windowAt('week', '1970-01-01T00:00:00.000Z')).to.deep.equal([
      '1969-12-29T00:00:00.000Z',
      '1970-01-05T00:00:00.000Z',
    ]);
  });

  it('of a month is as long as that month, over the end of the year and in leap years', () => {
    expect(windowAt('month', '2026-12-31T23:59:59.999Z')).to.deep.equal([
      '2026-12-01T00:00:00.000Z',
      '2027-01-01T00:00:00.000Z',
    ]);
    expect(windowAt('month', '2028-02-29T12:00:00.000Z')).to.deep.equal([
      '2028-02-01T00:00:00.000Z',
      '2028-03-01T00:00:00.000Z',
    ]);
  });
});

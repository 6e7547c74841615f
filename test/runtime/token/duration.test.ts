import { expect } from 'chai';
import { parseDuration } from '../../../runtime/token/index.ts';
import { refusalIn } from '../../support/refusal.ts';

describe('a duration', () => {
  for (const [text, seconds] of [
    ['1s', 1],
    ['90s', 90],
    ['5m', 300],
    ['12h', 43_200],
    ['30d', 2_592_000],
    ['999999999s', 999_999_999],
  ] as const) {
    it(`${text} is ${seconds} seconds`, () => {
      expect(parseDuration(text)).to.equal(seconds);
    });
  }

  for (const text of [
    '',
    '30',
    'd',
    '0s',
    '-1d',
    '+1d',
    '1.5h',
    '1e3s',
    '1w',
    '30D',
    ' 30d',
    '30d\n',
    '30 d',
    '1h30m',
    '٣d',
    '1234567890s',
  ]) {
    it(`${JSON.stringify(text)} is none, and is refused with what to write`, () => {
      expect(refusalIn(() => parseDuration(text))).to.deep.equal({
        code: 'DURATION_INVALID',
        message: `"${text}" is no duration.`,
        fix: 'Write a whole number and s, m, h or d, such as 30d.',
      });
    });
  }
});

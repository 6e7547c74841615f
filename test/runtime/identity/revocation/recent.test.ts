import { expect } from 'chai';
import type { LogItem } from '../../../../runtime/identity/revocation/log.ts';
import { createRecent, type Recent } from '../../../../runtime/identity/revocation/recent.ts';

const item = (number: number, changes = 1): LogItem => ({
  number,
  changes: Array.from({ length: changes }, (_, n) => ({ tenant: 'acme', kind: 'jti', key: `${number} ${n}` })),
});

describe('what logs have brought lately', () => {
  let recent: Recent;
  const numbers = (writer: string, after: number) => recent.since(writer, after)?.map(({ number }) => number);

  beforeEach(() => {
    recent = createRecent();
  });

  it('is given after a number, where all of it is known', () => {
    for (const number of [5, 6, 7]) recent.note('one', item(number));
    expect(numbers('one', 4)).to.deep.equal([5, 6, 7]);
    expect(numbers('one', 6)).to.deep.equal([7]);
    expect(numbers('one', 7)).to.deep.equal([]);
    expect(numbers('one', 9)).to.deep.equal([]);
    expect(numbers('one', 3)).to.equal(undefined);
    expect(numbers('two', 0)).to.equal(undefined);
  });

  it('holds nothing twice where a reader has gone back', () => {
    for (const number of [5, 6, 5, 6, 7]) recent.note('one', item(number));
    expect(numbers('one', 4)).to.deep.equal([5, 6, 7]);
  });

  it('has no hole: where one comes, what is before it is forgotten', () => {
    for (const number of [1, 2, 5]) recent.note('one', item(number));
    expect(numbers('one', 1)).to.equal(undefined);
    expect(numbers('one', 4)).to.deep.equal([5]);
  });

  it('is bounded, by what the longest log has had for longest', () => {
    recent.note('short', item(1));
    for (let number = 1; number <= 60; number++) recent.note('long', item(number, 500));
    expect(numbers('short', 0)).to.deep.equal([1]);
    expect(numbers('long', 0)).to.equal(undefined);
    expect(numbers('long', 50)).to.have.length(10);
  });

  it('lets go of the logs of who is gone', () => {
    for (const writer of ['one', 'two']) recent.note(writer, item(1));
    recent.retain(new Set(['two']));
    expect(numbers('one', 0)).to.equal(undefined);
    expect(numbers('two', 0)).to.deep.equal([1]);
  });
});

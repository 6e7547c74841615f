import { expect } from 'chai';
import { limitOf } from '../../../runtime/harness/current-test.ts';

describe('the time that a webtask under test has for its answer', () => {
  const limit = (timeoutMs: number, startedAt?: number) =>
    limitOf({ title: 'a test', lines: [], timeoutMs: () => timeoutMs, ...(startedAt !== undefined && { startedAt }) });

  it("is a little less than its test's own limit, so that the failure names the webtask", () => {
    expect(limit(2000)).to.equal(1800);
    expect(limit(2000, performance.now())).to.be.within(1700, 1800);
  });

  it('is counted from what is left of the test', () => {
    expect(limit(2000, performance.now() - 1000)).to.be.within(800, 900);
  });

  it('is over, and not without end, where the test is over', () => {
    expect(limit(2000, performance.now() - 5000)).to.equal(1);
  });

  it('is 30 seconds at most', () => {
    expect(limit(600_000)).to.equal(30_000);
  });

  it('has no end in a test without a limit, as in a debugger', () => {
    expect(limit(0, performance.now())).to.equal(0);
  });
});

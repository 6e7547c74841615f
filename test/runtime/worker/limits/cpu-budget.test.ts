import { expect } from 'chai';
import { createCpuBudget } from '../../../../runtime/worker/limits/cpu-budget.ts';
import { refusalOf } from '../../../support/refusal.ts';

describe('the CPU budget of a container', () => {
  const admission = (budget: ReturnType<typeof createCpuBudget>, container: string, now: number) =>
    refusalOf((async () => budget.admit(container, now))());

  it('is for any minute, and its own', () => {
    const budget = createCpuBudget(10_000);
    expect(budget.charge('a', 9_000, 0)).to.equal(false);
    expect(budget.charge('b', 9_000, 0)).to.equal(false);
    expect(budget.charge('a', 1_001, 59_000)).to.equal(true);
    expect(budget.charge('b', 9_000, 61_000)).to.equal(false);
  });

  it('leaves a second chance to one that was cut off, so that its next request is answered', async () => {
    const budget = createCpuBudget(10_000);
    expect(budget.charge('a', 12_000, 0)).to.equal(true);
    budget.admit('a', 0);
    expect(budget.charge('a', 900, 1_000)).to.equal(false);
    budget.admit('a', 1_000);
  });

  it('does not begin anew with each cut: then the container waits until it has used less', async () => {
    const budget = createCpuBudget(10_000);
    budget.charge('a', 12_000, 0);
    expect(budget.charge('a', 1_100, 20_000)).to.equal(true);
    expect(await admission(budget, 'a', 21_000)).to.deep.equal({
      code: 'CONTAINER_CPU_SPENT',
      message: 'The webtasks of a have used up the CPU time that they may use within 60000 ms.',
      fix: 'Send the request again in 39 seconds.',
    });
    budget.admit('b', 21_000);
    budget.admit('a', 60_000);
    expect(budget.charge('a', 5_000, 60_000)).to.equal(false);
  });
});

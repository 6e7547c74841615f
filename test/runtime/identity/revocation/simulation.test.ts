import { expect } from 'chai';
import { type Outcome, simulate } from '../../../support/revocation-simulation/simulate.ts';

/** A twentieth of a second each; the slow suite takes thousands of others. */
const SEEDS = 40;

describe('processes that revoke and check, whatever happens to them, their clocks and their store', () => {
  it(`never call active what was revoked longer ago than is allowed, and agree in the end (${SEEDS} made-up worlds)`, async () => {
    const counts: Outcome['counts'] = { acknowledged: 0, active: 0, revoked: 0, unknown: 0, confirmed: 0, followed: 0 };
    for (let seed = 0; seed < SEEDS; seed++) {
      const outcome = await simulate(seed);
      expect(outcome.violations).to.deep.equal([]);
      for (const name of Object.keys(counts) as (keyof typeof counts)[]) counts[name] += outcome.counts[name];
    }
    // Where nothing was revoked and nobody knew, nothing was shown.
    for (const [name, count] of Object.entries(counts)) expect(count, name).to.be.above(10 * SEEDS);
  }).timeout(120_000);

  it('is the same world for the same seed, so that one that fails can be looked at', async () => {
    expect(await simulate(7)).to.deep.equal(await simulate(7));
  });
});

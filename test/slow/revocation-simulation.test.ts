import { expect } from 'chai';
import { simulate } from '../support/revocation-simulation/simulate.ts';

/** A twentieth of a second each; the quick suite has taken the first ones. */
const ROUNDS = Number(process.env.WEBTASK_SLOW_ROUNDS ?? 200);
const FROM = 1_000;
const WORLDS = 50 * ROUNDS;

describe('processes that revoke and check in many more worlds', () => {
  it(`never call active what was revoked longer ago than is allowed (${WORLDS} worlds)`, async () => {
    for (let seed = FROM; seed < FROM + WORLDS; seed++) {
      expect((await simulate(seed)).violations).to.deep.equal([]);
    }
  }).timeout(0);
});

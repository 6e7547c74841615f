import { expect } from 'chai';
import { WebtaskError } from '../../../../runtime/errors.ts';
import { refusalOf } from '../../../support/refusal.ts';
import { type Bed, createBed, isWithin, runs } from './store.ts';

describe('rate limits', () => {
  let bed: Bed;
  beforeEach(() => {
    bed = createBed();
  });

  it('let as many runs of a window through as they say, and say when the next window begins', async () => {
    const limits = bed.server();
    expect(await runs(limits, 10, { lm: 3 })).to.equal(3);
    const error = await limits.charge({ lm: 3 }, 'shop').catch((it: unknown) => it);
    expect(error).to.be.instanceOf(WebtaskError);
    expect(error).to.deep.include({ code: 'LIMIT_EXCEEDED', status: 429, fault: 'caller' });
    expect((error as WebtaskError).fields.retryAfter).to.equal(53);
    expect(await refusalOf(limits.charge({ lm: 3 }, 'shop'))).to.deep.equal({
      code: 'LIMIT_EXCEEDED',
      message: 'the rate limit `lm` of the container `shop` is used up: 3 per minute',
      fix: 'Send the request again in 53 seconds.',
    });
    bed.time += 53;
    expect(await runs(limits, 10, { lm: 3 })).to.equal(3);
  });

  it('say at least one second until the next try', async () => {
    bed.time += 0.9;
    const limits = bed.server();
    await limits.charge({ lts: 1, jti: 'a' }, 'shop');
    expect(await refusalOf(limits.charge({ lts: 1, jti: 'a' }, 'shop'))).to.deep.equal({
      code: 'LIMIT_EXCEEDED',
      message: 'the rate limit `lts` of the token is used up: 1 per second',
      fix: 'Send the request again in 1 seconds.',
    });
  });

  it('cost a token without any nothing: the store is not asked', async () => {
    expect(await runs(bed.server(), 5, { jti: 'a', ten: 'shop' })).to.equal(5);
    expect(bed.asked).to.deep.equal({ reads: 0, writes: 0 });
  });

  it('are shared by the tokens of a container, and kept apart from other containers', async () => {
    const limits = bed.server();
    expect(await runs(limits, 1, { lh: 2, jti: 'a' })).to.equal(1);
    expect(await runs(limits, 5, { lh: 2, jti: 'b' })).to.equal(1);
    expect(await runs(limits, 5, { lh: 2, jti: 'b' }, 'other')).to.equal(2);
  });

  it('stop each of several tokens of a container at its own number of runs', async () => {
    const limits = bed.server();
    expect(await runs(limits, 9, { lh: 2 })).to.equal(2);
    expect(await runs(limits, 9, { lh: 5 })).to.equal(3);
    expect(await runs(limits, 9, { lh: 2 })).to.equal(0);
    expect(await runs(limits, 99, { lh: 40 })).to.equal(35);
    expect(await runs(limits, 9, { lh: 5 })).to.equal(0);
  });

  it('of a token are by its id, and of no other token, also not of one with that id for other containers', async () => {
    const limits = bed.server();
    expect(await runs(limits, 5, { ltd: 2, jti: 'a', ten: 'shop' })).to.equal(2);
    expect(await runs(limits, 5, { ltd: 2, jti: 'b', ten: 'shop' })).to.equal(2);
    expect(await runs(limits, 5, { ltd: 2, jti: 'a', ten: 'other' })).to.equal(2);
  });

  it('of a token that has no id cannot be counted, and so it does not run', async () => {
    expect(await refusalOf(bed.server().charge({ ltd: 2 }, 'shop'))).to.include({
      code: 'TOKEN_CLAIM_NEEDS',
      message: 'claim `ltd` needs claim `jti`',
    });
  });

  it('are all left as they were by a run that is refused because of one', async () => {
    const limits = bed.server();
    const claims = { lo: 10, lts: 1, jti: 'a' };
    expect(await runs(limits, 5, claims)).to.equal(1);
    expect(await limits.ofContainer('shop')).to.include({ lo: 9 });
    bed.time += 1;
    expect(await runs(limits, 5, claims)).to.equal(1);
    expect(await limits.ofContainer('shop')).to.include({ lo: 8 });
  });

  it('of several periods say when the last of those that are used up ends', async () => {
    const limits = bed.server();
    await limits.charge({ ls: 1, ld: 1 }, 'shop');
    expect(await refusalOf(limits.charge({ ls: 1, ld: 1 }, 'shop'))).to.include({
      message: 'the rate limit `ld` of the container `shop` is used up: 1 per day',
      fix: 'Send the request again in 8393 seconds.',
    });
  });

  it('let everything through that arrives at once, and not one run more', async () => {
    const limits = bed.server();
    const answers = await Promise.all(Array.from({ length: 50 }, () => isWithin(limits, { lm: 30, ls: 40 })));
    expect(answers.filter(Boolean)).to.have.length(30);
  });

  it('reserve a tenth with one write, which all who wait share', async () => {
    const limits = bed.server();
    await Promise.all(Array.from({ length: 100 }, () => limits.charge({ lm: 1000, lo: 5000 }, 'shop')));
    expect(bed.asked).to.deep.equal({ reads: 1, writes: 2 }); // and once a day, when to remove the counts
    await limits.charge({ lm: 1000, lo: 5000 }, 'shop');
    expect(bed.asked).to.deep.equal({ reads: 1, writes: 3 });
  });

  it('that are used up are looked up again every ten seconds, and not for each request', async () => {
    const limits = bed.server();
    expect(await runs(limits, 100, { lh: 2 })).to.equal(2);
    expect(bed.asked).to.deep.equal({ reads: 1, writes: 3 });
    bed.time += 10;
    expect(await runs(limits, 100, { lh: 2 })).to.equal(0);
    expect(bed.asked).to.deep.equal({ reads: 2, writes: 3 });
  });

  it('let what is reserved through while the store is down, and nothing after that', async () => {
    const limits = bed.server();
    await limits.charge({ lh: 50 }, 'shop');
    bed.isDown = true;
    expect(await runs(limits, 4, { lh: 50 })).to.equal(4);
    expect(await refusalOf(limits.charge({ lh: 50 }, 'shop'))).to.deep.equal({
      code: 'LIMIT_UNCHARGED',
      message: 'the run cannot be counted in the rate limits of its token, and so does not begin: the store failed.',
      fix: 'Look at the store; send the request again.',
    });
    bed.isDown = false;
    expect(await runs(limits, 100, { lh: 50 })).to.equal(45);
  });

  it('leave nothing in the store for good: what has expired is removed, and what was used again is not', async () => {
    const limits = bed.server();
    const left = async () => [(await limits.ofToken('a', undefined)).ltd, (await limits.ofToken('b', undefined)).ltd];
    const day = 86_400;
    await limits.charge({ ltd: 5, jti: 'a' }, 'shop');
    await limits.charge({ ltd: 5, jti: 'b' }, 'shop');
    bed.time += day;
    await limits.charge({ ltd: 5, jti: 'b' }, 'shop');
    expect(await left()).to.deep.equal([5, 4]);
    bed.time += day;
    expect(await left()).to.deep.equal([0, 5]);
    await limits.charge({ ltd: 5, jti: 'c' }, 'shop');
    bed.time -= day; // what has only expired would be seen again
    expect(await left()).to.deep.equal([0, 4]);
  });

  it('of what is no longer remembered are found in the store, and only what was reserved is lost', async () => {
    const limits = bed.server(1);
    expect(await runs(limits, 1, { lh: 50 })).to.equal(1);
    expect(await runs(limits, 1, { lh: 50 }, 'other')).to.equal(1);
    expect(await runs(limits, 100, { lh: 50 })).to.equal(45);
  });
});

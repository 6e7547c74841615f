import { expect } from 'chai';
import fc from 'fast-check';
import { LIMITS } from '../../../../runtime/server/limits/index.ts';
import { createBed, isWithin, runs } from './store.ts';

describe('rate limits of several servers over one store', () => {
  it('are exact also where a limit is 1', async () => {
    const bed = createBed();
    const servers = [bed.server(), bed.server(), bed.server()];
    const answers = await Promise.all(servers.map((it) => isWithin(it, { lts: 1, jti: 'a' })));
    expect(answers.filter(Boolean)).to.have.length(1);
  });

  it('are never passed, however their requests and the answers of the store fall', async function () {
    this.timeout(60_000);
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.integer({ min: 1, max: 40 }),
        fc.array(fc.record({ server: fc.nat({ max: 2 }), ls: fc.integer({ min: 1, max: 30 }) }), { maxLength: 60 }),
        async (scheduler, lm, requests) => {
          const bed = createBed();
          bed.gate = () => scheduler.schedule(Promise.resolve());
          const servers = [bed.server(), bed.server(), bed.server()];
          const passed: number[] = [];
          const sent = requests.map(async ({ server, ls }) => {
            const limits = servers[server];
            if (limits && (await isWithin(limits, { ls, lm }))) passed.push(ls);
          });
          await scheduler.waitFor(Promise.all(sent));
          expect(passed.length).to.be.at.most(lm);
          // Of the tokens that have no more than so many runs, no more have run.
          for (const ls of passed) expect(passed.filter((it) => it <= ls).length).to.be.at.most(ls);
          // Where one server has all requests, they get all that is allowed.
          const own = new Set(requests.map(({ server }) => server)).size <= 1;
          const isPlain = requests.every(({ ls }) => ls >= lm);
          if (own && isPlain) expect(passed.length).to.equal(Math.min(lm, requests.length));
        },
      ),
      { numRuns: 50 },
    );
  });

  it('give all out in the end, but for what another server has reserved and not used', async () => {
    const bed = createBed();
    const [a, b] = [bed.server(), bed.server()];
    expect(await runs(a, 1, { ld: 100 })).to.equal(1);
    expect(await runs(b, 200, { ld: 100 })).to.equal(90);
    expect(await runs(a, 200, { ld: 100 })).to.equal(9);
  });

  it('begin a window once, also where the clock of one server is behind', async () => {
    const bed = createBed();
    const ahead = bed.server();
    const behind = bed.server();
    bed.time += 60;
    expect(await runs(ahead, 5, { lm: 2 })).to.equal(2);
    bed.time -= 60;
    expect(await runs(behind, 5, { lm: 2 })).to.equal(0);
    bed.time += 60;
    expect(await runs(ahead, 5, { lm: 2 })).to.equal(0);
  });

  it('begin anew on all of them within ten seconds after they were reset on one', async () => {
    const bed = createBed();
    const [a, b] = [bed.server(), bed.server()];
    expect(await runs(a, 9, { lo: 3 })).to.equal(3);
    expect(await runs(b, 9, { lo: 3 })).to.equal(0);
    await a.resetContainer('shop');
    bed.time += 9.9;
    expect(await runs(b, 1, { lo: 3 })).to.equal(0);
    bed.time += 0.1;
    expect(await runs(b, 1, { lo: 3 })).to.equal(1);
    expect(await runs(a, 9, { lo: 3 })).to.equal(2);
  });
});

describe('what is left of rate limits', () => {
  const none = (kind: keyof typeof LIMITS) => Object.fromEntries(Object.keys(LIMITS[kind]).map((claim) => [claim, 0]));

  it('is 0 where nothing is counted', async () => {
    const limits = createBed().server();
    expect(await limits.ofContainer('shop')).to.deep.equal(none('container'));
    expect(await limits.ofToken('a', undefined)).to.deep.equal(none('token'));
  });

  it('is told by claim, exactly by the server that ran them, and as all in a new window', async () => {
    const bed = createBed();
    const limits = bed.server();
    const claims = { ls: 5, lo: 1000, ltd: 50, jti: 'a', ten: 'shop' };
    await runs(limits, 2, claims);
    expect(await limits.ofContainer('shop')).to.deep.equal({ ...none('container'), ls: 3, lo: 998 });
    expect(await limits.ofToken('a', 'shop')).to.deep.equal({ ...none('token'), ltd: 48 });
    bed.time += 1;
    expect(await limits.ofContainer('shop')).to.deep.equal({ ...none('container'), ls: 5, lo: 998 });
  });

  it('leaves out what other servers have reserved', async () => {
    const bed = createBed();
    await runs(bed.server(), 1, { lo: 1000 });
    expect(await bed.server().ofContainer('shop')).to.deep.equal({ ...none('container'), lo: 900 });
  });

  it('of a token is told to who has its containers, and to nobody else', async () => {
    const limits = createBed().server();
    await runs(limits, 1, { ltd: 50, jti: 'a', ten: 'shop' });
    expect(await limits.ofToken('a', undefined)).to.include({ ltd: 49 });
    expect(await limits.ofToken('a', 'shop,other')).to.include({ ltd: 49 });
    expect(await limits.ofToken('a', 'other')).to.deep.equal(none('token'));
  });

  it('is all after a reset', async () => {
    const limits = createBed().server();
    const claims = { ld: 3, ltd: 3, jti: 'a', ten: 'shop' };
    expect(await runs(limits, 9, claims)).to.equal(3);
    await limits.resetContainer('shop');
    expect(await runs(limits, 9, claims)).to.equal(0);
    await limits.resetToken('a');
    expect(await runs(limits, 9, claims)).to.equal(3);
  });
});

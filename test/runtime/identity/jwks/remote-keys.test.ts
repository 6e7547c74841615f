import { expect } from 'chai';
import { WebtaskError } from '../../../../runtime/errors.ts';
import { freezeDate, moveDate } from '../../../../runtime/harness/index.ts';
import { createRemoteKeys, type LoadKeySet } from '../../../../runtime/identity/jwks/remote-keys.ts';
import type { VerificationKeys } from '../../../../runtime/identity/jwks/verification-keys.ts';
import { type IssuerKey, issuerKey } from '../../../support/access-token.ts';
import { NOW } from '../../../support/keys.ts';
import { refusalOf } from '../../../support/refusal.ts';

const INTERVAL_MS = 60;
const STALE_MS = 1_000_000;
const [OLD, NEW] = [issuerKey('old'), issuerKey('new')];
const named = (kid: string) => (keys: VerificationKeys) => keys.named(kid)[0];

/** An issuer that publishes what it is told to, and counts who asks. */
function issuer({ maxAge }: { maxAge?: number } = {}) {
  const it = { loads: 0, publishes: [OLD] as IssuerKey[], isDown: false };
  const load: LoadKeySet = async () => {
    it.loads += 1;
    const value = { keys: it.publishes.map(({ jwk }) => jwk) };
    await new Promise((resolve) => setImmediate(resolve));
    if (it.isDown)
      throw new WebtaskError('JWKS_UNAVAILABLE', { url: 'https://a', reason: 'it is down', retryAfter: 1 });
    return { value, maxAge, url: 'https://a' };
  };
  const keys = createRemoteKeys(load, { algorithms: ['ES256'], staleMs: STALE_MS, intervalMs: INTERVAL_MS });
  return Object.assign(it, keys);
}

/** Lets what was begun in the background end. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 5));

const DOWN = {
  code: 'JWKS_UNAVAILABLE',
  message: 'The keys of the issuer cannot be had from https://a: it is down.',
  fix: 'Try again after 1 s.',
};

describe('the keys of an issuer', () => {
  beforeEach(() => freezeDate(NOW * 1000));

  it('are fetched once for all who need them at the same time', async () => {
    const it = issuer();
    expect(it.current()).to.equal(undefined);
    const found = await Promise.all(Array.from({ length: 100 }, () => it.find(named('old'))));
    expect(new Set(found.map((key) => key?.kid))).to.deep.equal(new Set(['old']));
    expect(it.loads).to.equal(1);
    expect(it.current()?.named('old')).to.have.length(1);
  });

  it('are fetched again for a token with a key that is not among them', async () => {
    const it = issuer();
    await it.find(named('old'));
    it.publishes = [OLD, NEW];
    expect((await it.find(named('new')))?.kid).to.equal('new');
    expect(it.current()?.named('new')).to.have.length(1);
    expect(it.loads).to.equal(2);
  });

  it('are fetched once more where a fetch had begun before the token came, which may not know its key', async () => {
    const it = issuer();
    const first = it.find(named('old'));
    await Promise.resolve(); // the first has begun: what it will find is already decided
    it.publishes = [NEW];
    expect((await it.find(named('new')))?.kid).to.equal('new');
    await first;
    expect(it.loads).to.equal(2);
  });

  it('are said not to have the key only after they were asked for it', async () => {
    const it = issuer();
    expect(await it.find(named('none'))).to.equal(undefined);
  });
});

describe('a flood of tokens with unknown keys', () => {
  it('has the issuer asked once in the interval, while known keys go on as ever', async () => {
    const it = issuer();
    await it.find(named('old'));
    const began = performance.now();
    let asked = 0;
    while (it.loads < 4) {
      await Promise.all(
        Array.from({ length: 500 }, async () => {
          asked += 1;
          expect(await it.find(named(`unknown ${asked}`))).to.equal(undefined);
        }),
      );
      expect(it.current()?.named('old')).to.have.length(1);
    }
    expect(asked).to.be.at.least(1000);
    expect(performance.now() - began).to.be.at.least(2 * INTERVAL_MS); // three fetches, with two intervals between
  });

  it('does not keep a new key from being seen by the next fetch', async () => {
    const it = issuer();
    await it.find(named('old'));
    const flood = Array.from({ length: 1000 }, (_, i) => it.find(named(`unknown ${i}`)));
    it.publishes = [NEW];
    expect((await it.find(named('new')))?.kid).to.equal('new');
    await Promise.all(flood);
    expect(it.loads).to.be.at.most(3);
  });

  it('has ten thousand wait, and the rest come again, so that it cannot fill the memory', async () => {
    const it = issuer();
    await it.find(named('old'));
    const flood = Array.from({ length: 10_000 }, (_, i) => it.find(named(`unknown ${i}`)));
    expect(await refusalOf(it.find(named('one more')))).to.deep.equal({
      code: 'JWKS_UNAVAILABLE',
      message: 'The keys of the issuer cannot be had from where they are published: too many requests wait for them.',
      fix: 'Try again after 1 s.',
    });
    expect(it.current()?.named('old')).to.have.length(1);
    await Promise.all(flood);
    expect(await it.find(named('later'))).to.equal(undefined);
  });
});

describe('keys whose time is nearly over', () => {
  it('are fetched anew in the background, and nobody waits', async () => {
    freezeDate(NOW * 1000);
    const it = issuer({ maxAge: 100 });
    await it.find(named('old'));
    await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
    moveDate(79_000);
    it.publishes = [NEW];
    it.current();
    await settle();
    expect(it.loads).to.equal(1);
    moveDate(1000);
    expect(it.current()?.named('old')).to.have.length(1);
    await settle();
    expect(it.loads).to.equal(2);
    expect(it.current()?.named('old')).to.deep.equal([]);
    expect(it.current()?.named('new')).to.have.length(1);
  });

  for (const [maxAge, freshMs] of [
    [undefined, 300_000],
    [0, 30_000],
    [600, 600_000],
    [86_400, 3_600_000],
  ] as const) {
    it(`are those ${freshMs / 1000} s old where max-age is ${maxAge}, and then have to be fetched before use`, async () => {
      freezeDate(NOW * 1000);
      const it = issuer(maxAge === undefined ? {} : { maxAge });
      await it.find(named('old'));
      moveDate(freshMs - 1);
      expect(it.current()).not.to.equal(undefined);
      moveDate(1);
      expect(it.current()).to.equal(undefined);
    });
  }

  it('are those of a time that is still to come, too: the clock was set back', async () => {
    freezeDate(NOW * 1000);
    const it = issuer();
    await it.find(named('old'));
    moveDate(-1);
    expect(it.current()).to.equal(undefined);
  });
});

describe('an issuer that cannot be asked', () => {
  beforeEach(() => freezeDate(NOW * 1000));

  it('leaves unknown whether a key exists: that is never told as a no', async () => {
    const it = issuer();
    it.isDown = true;
    expect(await refusalOf(it.find(named('old')))).to.deep.equal(DOWN);
    it.isDown = false;
    await it.find(named('old'));
    it.isDown = true;
    expect(await refusalOf(it.find(named('new')))).to.deep.equal(DOWN);
  });

  it('has its last keys serve on for the stated time, and then no more', async () => {
    const it = issuer({ maxAge: 100 });
    await it.find(named('old'));
    it.isDown = true;
    moveDate(100_000);
    expect(it.current()).to.equal(undefined);
    expect((await it.find(named('old')))?.kid).to.equal('old');
    expect(it.current()?.named('old')).to.have.length(1);
    moveDate(STALE_MS - 1);
    expect(it.current()?.named('old')).to.have.length(1);
    moveDate(1);
    expect(it.current()).to.equal(undefined);
    expect(await refusalOf(it.find(named('old')))).to.deep.equal(DOWN);
  });

  it('is the same as one that publishes nothing of use', async () => {
    const it = issuer();
    await it.find(named('old'));
    it.publishes = [];
    expect(await refusalOf(it.find(named('new')))).to.deep.equal({
      code: 'JWKS_UNAVAILABLE',
      message: 'The keys of the issuer cannot be had from https://a: it has no key that can be used (it is empty).',
      fix: 'Try again after 1 s.',
    });
    expect(it.current()?.named('old')).to.have.length(1);
  });
});

import { expect } from 'chai';
import {
  isMasterKey,
  type KeySet,
  loadKeySet,
  openSeal,
  sealSecrets,
  signToken,
  verifyToken,
} from '../../../runtime/token/index.ts';
import { makeCertificate } from '../../support/certificate.ts';
import { NOW } from '../../support/keys.ts';
import { refusalIn, refusalOf } from '../../support/refusal.ts';

const OLD = '11'.repeat(32);
const NEW = '22'.repeat(32);
const OLD_SEALS = Buffer.alloc(32, 3).toString('base64url');
const NEW_SEALS = Buffer.alloc(32, 4).toString('base64url');
const CLAIMS = { ten: 'shop' };

const load = (env: Readonly<Record<string, string>>) => loadKeySet({ dataFolder: '/nowhere', env, now: NOW * 1000 });

describe('changing keys that come from the environment', () => {
  it('is done server by server: the next key is accepted, then signs, and the former is accepted until it goes', async () => {
    const first = { WEBTASK_SIGNING_KEY: OLD, WEBTASK_ENCRYPTION_KEY: OLD_SEALS };
    const toCome = { WEBTASK_OTHER_SIGNING_KEYS: NEW, WEBTASK_OTHER_ENCRYPTION_KEYS: NEW_SEALS };
    const second = { WEBTASK_SIGNING_KEY: NEW, WEBTASK_ENCRYPTION_KEY: NEW_SEALS };
    const former = { WEBTASK_OTHER_SIGNING_KEYS: OLD, WEBTASK_OTHER_ENCRYPTION_KEYS: OLD_SEALS };
    const steps = [first, { ...first, ...toCome }, { ...second, ...former }, second];

    const made: { keys: KeySet; token: string; seal: string }[] = [];
    for (const env of steps) {
      const keys = await load(env);
      const seal = await sealSecrets({ KEY: 'v' }, CLAIMS, keys, 'dir');
      made.push({ keys, token: signToken(CLAIMS, keys, NOW), seal });
    }
    for (const [at, { token, seal }] of made.entries()) {
      // A server is at most one step away from another.
      for (const { keys } of made.slice(Math.max(0, at - 1), at + 2)) {
        expect(verifyToken(token, keys, NOW)).to.include(CLAIMS);
        expect(await openSeal(seal, CLAIMS, keys)).to.deep.equal({ KEY: 'v' });
      }
    }
    const last = made[3]?.keys ?? (await load(second));
    expect(refusalIn(() => verifyToken(made[0]?.token ?? '', last, NOW)).code).to.equal('TOKEN_KEY_UNKNOWN');
    expect((await refusalOf(openSeal(made[0]?.seal ?? '', CLAIMS, last))).code).to.equal('TOKEN_SEAL_UNREADABLE');
  });

  it('leaves each live key a master key, and none that is gone', async () => {
    const env = { WEBTASK_SIGNING_KEY: NEW, WEBTASK_OTHER_SIGNING_KEYS: OLD, WEBTASK_OTHER_ENCRYPTION_KEYS: OLD_SEALS };
    for (const key of [NEW, OLD, OLD_SEALS]) expect(isMasterKey(key, await load(env)), key).to.equal(true);
    expect(isMasterKey(OLD, await load({ WEBTASK_SIGNING_KEY: NEW }))).to.equal(false);
  });

  it('takes several keys, each with the kid that it had', async () => {
    const named = await load({ WEBTASK_SIGNING_KEY: OLD, WEBTASK_SIGNING_KEY_ID: 'a:1' });
    const others = `a:1:${OLD}, ${NEW_SEALS}`;
    const keys = await load({ WEBTASK_SIGNING_KEY: NEW, WEBTASK_OTHER_SIGNING_KEYS: others });
    expect(keys.signing.size).to.equal(3);
    expect(verifyToken(signToken(CLAIMS, named, NOW), keys, NOW)).to.include(CLAIMS);
  });

  it('gives the former key the limit of the one that signs, so that no key becomes good for more', async () => {
    const keys = await load({
      WEBTASK_SIGNING_KEY: NEW,
      WEBTASK_SIGNING_KEY_CONTAINERS: 'books',
      WEBTASK_OTHER_SIGNING_KEYS: OLD,
    });
    const token = signToken(CLAIMS, await load({ WEBTASK_SIGNING_KEY: OLD }), NOW);
    expect(refusalIn(() => verifyToken(token, keys, NOW)).code).to.equal('TOKEN_KEY_CONTAINER');
    expect(isMasterKey(OLD, keys)).to.equal(false);
  });

  it('takes former certificates with their keys, which open and are not sealed to', async () => {
    const [former, next] = [makeCertificate(), makeCertificate()];
    const seal = await sealSecrets(
      { KEY: 'v' },
      CLAIMS,
      await load({ WEBTASK_SIGNING_KEY: OLD, WEBTASK_CERTIFICATE: former.pem }),
      'certificate',
      NOW * 1000,
    );
    const keys = await load({
      WEBTASK_SIGNING_KEY: OLD,
      WEBTASK_CERTIFICATE: next.pem,
      WEBTASK_CERTIFICATE_KEY: next.keyPem,
      WEBTASK_OTHER_CERTIFICATES: `${former.keyPem}\n${former.pem}`,
    });
    expect(keys.certificate?.fingerprint).to.equal(next.fingerprint);
    expect(await openSeal(seal, CLAIMS, keys)).to.deep.equal({ KEY: 'v' });
  });

  for (const [what, env, reason] of [
    [
      'the key that signs, once more',
      { WEBTASK_OTHER_SIGNING_KEYS: OLD },
      /^WEBTASK_OTHER_SIGNING_KEYS cannot be used: there are two keys of the kid /,
    ],
    [
      'a key that is too short',
      { WEBTASK_OTHER_SIGNING_KEYS: `${NEW},ab` },
      /^WEBTASK_OTHER_SIGNING_KEYS cannot be used: it is not PEM, and not 32 bytes or more/,
    ],
    [
      'an encryption key of more than 32 bytes',
      { WEBTASK_OTHER_ENCRYPTION_KEYS: `${NEW}00` },
      /^WEBTASK_OTHER_ENCRYPTION_KEYS cannot be used: a key does not have 32 bytes\.$/,
    ],
    [
      'a certificate without its key, which opens nothing',
      { WEBTASK_OTHER_CERTIFICATES: makeCertificate().pem },
      /^WEBTASK_OTHER_CERTIFICATES cannot be used: the key of [0-9a-f]{64} is not there\.$/,
    ],
    [
      'a file without a certificate',
      { WEBTASK_OTHER_CERTIFICATES: makeCertificate().keyPem },
      /^WEBTASK_OTHER_CERTIFICATES cannot be used: it holds no certificate in PEM\.$/,
    ],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const { code, message } = await refusalOf(load({ WEBTASK_SIGNING_KEY: OLD, ...env }));
      expect(code).to.equal('KEY_SETTING_INVALID');
      expect(message).to.match(reason);
    });
  }
});

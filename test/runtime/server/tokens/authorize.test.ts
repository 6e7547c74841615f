import { expect } from 'chai';
import { type Authorization, createAuthorizer, createIdentifier } from '../../../../runtime/server/tokens/authorize.ts';
import { sealSecrets, signToken, type TokenClaims } from '../../../../runtime/token/index.ts';
import { makeCertificate } from '../../../support/certificate.ts';
import { hmacKey, keySet, NOW } from '../../../support/keys.ts';
import { refusalOf } from '../../../support/refusal.ts';

const KEYS = keySet([hmacKey('k1')], { certificate: makeCertificate() });

describe('a token that comes with every request', () => {
  let revoked: Set<string>;
  let asked: number;
  let opened: number;
  /** Counts how often a key is taken to open a seal with. */
  const counting = {
    ...KEYS,
    get certificate() {
      opened += 1;
      return KEYS.certificate;
    },
  };
  beforeEach(() => {
    revoked = new Set();
    asked = 0;
    opened = 0;
  });

  const identifier = () =>
    createIdentifier(counting, {
      revoke: async () => undefined,
      isRevoked({ jti = '' }) {
        asked += 1;
        return revoked.has(jti);
      },
    });
  const mint = async (claims: TokenClaims): Promise<string> => {
    const ectx = await sealSecrets({ KEY: 'sesame' }, claims, KEYS);
    return signToken({ ...claims, ectx }, KEYS, NOW);
  };
  const refusedAt = (identify: ReturnType<typeof identifier>, token: string, now: number) =>
    refusalOf((async () => identify(token, now))());

  it('is verified and unsealed once: what was found is given at once from then on, the same', async () => {
    const identify = identifier();
    const token = await mint({ jti: 'a', ten: 'one' });
    const first = await identify(token, NOW);
    expect(first)
      .to.include({ token })
      .and.deep.include({ secrets: { KEY: 'sesame' } });
    const openedOnce = opened;
    expect(openedOnce).to.be.above(0);
    for (let i = 0; i < 10; i++) expect(identify(token, NOW)).to.equal(first); // and no promise of it
    expect([opened, asked]).to.deep.equal([openedOnce, 11]);
  });

  it('is looked at for its times and whether it is revoked, every time', async () => {
    const identify = identifier();
    const token = await mint({ jti: 'a', ten: 'one', exp: NOW + 60 });
    await identify(token, NOW);
    expect(await refusedAt(identify, token, NOW + 60)).to.include({ code: 'TOKEN_EXPIRED' });
    revoked.add('a');
    expect(await refusedAt(identify, token, NOW)).to.include({ code: 'TOKEN_REVOKED' });
  });

  it('is not taken for another one that ends as it does', async () => {
    const identify = identifier();
    const token = await mint({ jti: 'a', ten: 'one' });
    await identify(token, NOW);
    const [head = '', , signature = ''] = token.split('.');
    const forged = [head, Buffer.from('{"jti":"b"}').toString('base64url'), signature].join('.');
    expect(await refusedAt(identify, forged, NOW)).to.include({ code: 'TOKEN_SIGNATURE' });
  });

  it('is good for the containers that it says alone, whichever it was used in before', async () => {
    const authorize = createAuthorizer(identifier());
    const token = await mint({ ten: 'one,two' });
    const first = (await authorize(token, 'one', NOW)) as Authorization;
    expect([authorize(token, 'one', NOW), authorize(token, 'two', NOW)]).to.deep.equal([first, first]);
    expect(await refusalOf((async () => authorize(token, 'three', NOW))())).to.include({ code: 'CONTAINER_REFUSED' });
  });
});

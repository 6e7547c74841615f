import { createSecretKey } from 'node:crypto';
import { expect } from 'chai';
import {
  inspectToken,
  sealSecrets,
  signToken,
  type TokenClaims,
  type TokenReport,
} from '../../../runtime/token/index.ts';
import { makeCertificate } from '../../support/certificate.ts';
import { ecKey, hmacKey, keySet, NOW } from '../../support/keys.ts';
import { refusalOf } from '../../support/refusal.ts';

const CI = ecKey('ci');
const KEYS = keySet([hmacKey('k1'), { ...CI, containers: ['books'] }], {
  certificate: makeCertificate(),
  symmetric: { kid: 's1', key: createSecretKey(Buffer.alloc(32, 's')) },
});
const SHA256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
const JTI = '0123456789abcdef0123456789abcdef';

const report = (claims: TokenClaims, keys = KEYS): Promise<TokenReport> =>
  inspectToken(signToken({ jti: JTI, ...claims }, keys, NOW), KEYS, NOW, false);

describe('the report on a token', () => {
  it('says everything of one that runs pinned code', async () => {
    const claims = { ten: 'shop', url: 'https://example.com/pay.js', url_sha256: SHA256, dd: 0, exp: NOW + 60 };
    expect(await report(claims)).to.deep.equal({
      claims: { jti: JTI, iat: NOW, ...claims },
      signer: { kid: 'k1', alg: 'HS256' },
      state: 'valid',
      can: [
        `Runs https://example.com/pay.js, only with SHA-256 ${SHA256}, in container shop.`,
        'Issues no tokens.',
        'Expires at 2027-01-15T08:01:00.000Z.',
      ],
    });
  });

  it('says everything of one that can do all', async () => {
    expect(await report({})).to.deep.equal({
      claims: { jti: JTI, iat: NOW },
      signer: { kid: 'k1', alg: 'HS256' },
      state: 'valid',
      can: ['Runs code sent with the request, in every container.', 'Issues tokens.', 'Never expires.'],
    });
  });

  it('says that code which is not pinned may change', async () => {
    const { can } = await report({ url: 'https://example.com/pay.js', ten: 'a,b' });
    expect(can[0]).to.equal('Runs https://example.com/pay.js, whatever it is then, in container a,b.');
  });

  it('counts the generations', async () => {
    expect((await report({ dd: 1 })).can[1]).to.equal('Issues tokens, one generation deep.');
    expect((await report({ dd: 3 })).can[1]).to.equal('Issues tokens, 3 generations deep.');
  });

  it('says why a token is not valid, and still what it holds', async () => {
    const states: [string, TokenReport][] = [
      ['expired JWT token', await report({ exp: NOW })],
      ['not yet valid JWT token', await report({ nbf: NOW + 1 })],
      ['rejecting request with JWT token signed with untrusted key', await report({}, keySet([hmacKey('k9')]))],
      [
        'rejecting request with JWT token that fails signature validation',
        await report({}, keySet([hmacKey('k1', 'x')])),
      ],
    ];
    for (const [state, { claims, ...rest }] of states) {
      expect(rest.state).to.equal(state);
      expect(claims).to.include({ jti: JTI, iat: NOW });
    }
    const limited = signToken({ ten: 'shop' }, keySet([CI]), NOW);
    expect(await inspectToken(limited, KEYS, NOW, false)).to.deep.include({
      signer: { kid: 'ci', alg: 'ES256' },
      state: 'The key ci signs tokens of these containers only: books.',
    });
  });

  it('can name the last time that there is', async () => {
    expect((await report({ exp: 8.64e12 })).can[2]).to.equal('Expires at +275760-09-13T00:00:00.000Z.');
  });

  it('is refused of what is no token', async () => {
    expect(await refusalOf(inspectToken('pay', KEYS, NOW, false))).to.deep.equal({
      code: 'TOKEN_MALFORMED',
      message: 'malformed JWT token: it has 1 parts in place of 3',
      fix: undefined,
    });
  });
});

describe('the secrets of a token', () => {
  const FOR = { ten: 'shop', url: 'https://example.com/pay.js' };
  const withSecrets = async (claims: TokenClaims, how: 'certificate' | 'dir' = 'certificate') =>
    signToken({ ...claims, ectx: await sealSecrets({ KEY: 'sesame' }, FOR, KEYS, how, NOW * 1000) }, KEYS, NOW);

  it('are in the report only where they were asked for', async () => {
    for (const how of ['certificate', 'dir'] as const) {
      const token = await withSecrets(FOR, how);
      const shut = await inspectToken(token, KEYS, NOW, false);
      expect(shut).to.have.all.keys('claims', 'signer', 'state', 'can');
      expect(JSON.stringify(shut)).not.to.include('sesame');
      expect(await inspectToken(token, KEYS, NOW, true)).to.deep.equal({ ...shut, secrets: { KEY: 'sesame' } });
    }
  });

  it('are absent where the token has none', async () => {
    expect(await inspectToken(signToken({}, KEYS, NOW), KEYS, NOW, true)).not.to.have.property('secrets');
  });

  it('are refused where the key is missing, or the seal is for another token', async () => {
    expect(await refusalOf(inspectToken(await withSecrets(FOR), keySet([hmacKey('k1')]), NOW, true))).to.deep.equal({
      code: 'TOKEN_SEAL_UNREADABLE',
      message: 'error decrypting JWT token context: no key of this cluster opens it',
      fix: undefined,
    });
    expect(await refusalOf(inspectToken(await withSecrets({ ten: 'evil' }), KEYS, NOW, true))).to.deep.equal({
      code: 'TOKEN_SEAL_MISMATCH',
      message: 'error decrypting JWT token context: the secrets were sealed for another container, URL or code',
      fix: undefined,
    });
  });
});

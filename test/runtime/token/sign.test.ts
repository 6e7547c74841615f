import { expect } from 'chai';
import fc from 'fast-check';
import { CompactSign, compactVerify } from 'jose';
import {
  MAX_TOKEN_LENGTH,
  type SigningKey,
  signToken,
  type TokenClaims,
  verifyToken,
} from '../../../runtime/token/index.ts';
import { keyCovers } from '../../../runtime/token/sign.ts';
import { ecKey, hmacKey, keySet, NOW, rsaKey } from '../../support/keys.ts';
import { refusalIn } from '../../support/refusal.ts';

const HMAC = hmacKey('k1');
const KEYS = keySet([HMAC]);
const JTI = '0123456789abcdef0123456789abcdef';

/** A part of a token as text. */
const textOf = (token: string, index: number) => Buffer.from(token.split('.')[index] ?? '', 'base64url').toString();

describe('a token that is signed', () => {
  for (const key of [HMAC, rsaKey('a b/"'), ecKey('e1')]) {
    describe(`with a key for ${key.algorithm}`, () => {
      const keys = keySet([key]);

      it('has exactly alg and kid in its header, in this order: typ would make it another kind of token', () => {
        expect(textOf(signToken({}, keys, NOW), 0)).to.equal(
          `{"alg":"${key.algorithm}","kid":${JSON.stringify(key.kid)}}`,
        );
      });

      it('is accepted by jose, and one that jose signs is accepted here', async () => {
        const claims = { jti: JTI, iat: NOW, ten: 'shop', pctx: { ü: '€' } };
        const { payload } = await compactVerify(signToken(claims, keys, NOW), key.verifyWith);
        expect(JSON.parse(Buffer.from(payload).toString())).to.deep.equal(claims);
        const josesOwn = await new CompactSign(Buffer.from(JSON.stringify(claims)))
          .setProtectedHeader({ alg: key.algorithm, kid: key.kid })
          .sign(key.signWith);
        expect(verifyToken(josesOwn, keys, NOW)).to.deep.equal(claims);
      });
    });
  }

  it('is the same text for the same claims, key and time', () => {
    expect(signToken({ jti: JTI, ten: 'shop', dd: 0 }, KEYS, NOW + 0.9)).to.equal(
      [
        'eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIn0',
        'eyJqdGkiOiIwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZiIsImlhdCI6MTgwMDAwMDAwMCwidGVuIjoic2hvcCIsImRkIjowfQ',
        'oxnhpr22cQVHrdVr4-pREtAtNgQvcu8VcF9CcbRcXoI',
      ].join('.'),
    );
  });

  it('has an id of 32 hexadecimal digits of its own, and the whole second in which it was signed', () => {
    const [first, second] = [signToken({}, KEYS, NOW + 0.9), signToken({}, KEYS, NOW + 0.9)].map(
      (token) => JSON.parse(textOf(token, 1)) as TokenClaims,
    );
    expect(first).to.have.all.keys('jti', 'iat');
    expect(first?.jti).to.match(/^[0-9a-f]{32}$/);
    expect(first?.iat).to.equal(NOW);
    expect(first?.jti).not.to.equal(second?.jti);
  });

  it('is always one that is accepted: what no reader would take is not signed', () => {
    const nested = fc.nat(9).map((depth) => JSON.parse(`${'['.repeat(depth)}1${']'.repeat(depth)}`) as unknown);
    const pctx = fc.dictionary(fc.string({ unit: 'binary' }), fc.oneof(nested, fc.jsonValue({ maxDepth: 4 })));
    let refused = 0;
    fc.assert(
      fc.property(pctx, (params) => {
        let token: string;
        try {
          token = signToken({ jti: JTI, pctx: params }, KEYS, NOW);
        } catch (error) {
          refused += 1;
          expect(error).to.have.property('code').that.is.oneOf(['TOKEN_MALFORMED', 'TOKEN_TOO_LONG']);
          return;
        }
        const written = JSON.parse(JSON.stringify(params)) as unknown;
        expect(verifyToken(token, KEYS, NOW)).to.deep.equal({ jti: JTI, iat: NOW, pctx: written });
      }),
      { numRuns: 150 },
    );
    expect(refused).to.be.within(1, 149);
  });

  it('is refused where a parameter is nested more deeply than any reader follows', () => {
    const pctx = { a: [[[[[[1]]]]]] };
    expect(refusalIn(() => signToken({ pctx: { a: [pctx] } }, KEYS, NOW))).to.deep.equal({
      code: 'TOKEN_MALFORMED',
      message: 'malformed JWT token: payload is nested too deeply',
      fix: undefined,
    });
  });
});

describe('claims that cannot be signed', () => {
  it('are those of an unknown name or of another type', () => {
    const claims = { ten: 'shop', code: 'module.exports = 1' } as TokenClaims;
    expect(refusalIn(() => signToken(claims, KEYS, NOW))).to.deep.equal({
      code: 'TOKEN_CLAIM_UNKNOWN',
      message: 'unsupported claim `code`',
      fix: undefined,
    });
    expect(refusalIn(() => signToken({ exp: NOW + 0.5 }, KEYS, NOW))).to.deep.equal({
      code: 'TOKEN_CLAIM_TYPE',
      message: 'claim `exp` must be of type `whole number of seconds`',
      fix: undefined,
    });
  });

  it('are those that do not fit into the header of a request', () => {
    const withText = (length: number) => signToken({ jti: JTI, pctx: { a: 'x'.repeat(length) } }, KEYS, NOW);
    const most = 10_617;
    expect(withText(most)).to.have.length(MAX_TOKEN_LENGTH);
    expect(refusalIn(() => withText(most + 1))).to.deep.equal({
      code: 'TOKEN_TOO_LONG',
      message: 'The token would have 14338 characters; 14336 fit into the header of a request.',
      fix: 'Give the webtask fewer or smaller secrets and parameters.',
    });
  });

  it('are all of them where there is no key, or only one that verifies', () => {
    const verifyOnly: SigningKey = { kid: 'v', algorithm: 'HS256', verifyWith: HMAC.verifyWith };
    for (const keys of [keySet([]), keySet([verifyOnly])]) {
      expect(refusalIn(() => signToken({}, keys, NOW))).to.deep.equal({
        code: 'TOKEN_NO_SIGNING_KEY',
        message: 'There is no key to sign tokens with.',
        fix: 'Set WEBTASK_SIGNING_KEY, or let the key file be made by leaving it out.',
      });
    }
  });
});

describe('a key that is limited to containers', () => {
  const keys = keySet([{ ...HMAC, containers: ['shop', 'books'] }]);

  it('signs for these', () => {
    for (const ten of ['shop', 'books,shop', 'shop, books']) {
      expect(verifyToken(signToken({ ten }, keys, NOW), keys, NOW)).to.include({ ten });
    }
  });

  it('signs for no other, for no pattern, and not for all', () => {
    for (const ten of ['other', 'shop,other', 'Shop', 'sho', 'shop,', '/shop/', '/.*/', undefined]) {
      expect(
        refusalIn(() => signToken(ten === undefined ? {} : { ten }, keys, NOW)),
        ten,
      ).to.deep.equal({
        code: 'TOKEN_KEY_CONTAINER',
        message: 'The key k1 signs tokens of these containers only: shop, books.',
        fix: undefined,
      });
    }
  });

  it('covers nothing where it is limited to none, and everything where it is not limited', () => {
    expect(keyCovers([], 'shop')).to.equal(false);
    expect(keyCovers([], undefined)).to.equal(false);
    expect(keyCovers(undefined, 'shop')).to.equal(true);
    expect(keyCovers(undefined, undefined)).to.equal(true);
    expect(keyCovers(['/shop/'], '/shop/')).to.equal(false);
  });
});

import { createPublicKey, createSecretKey, sign as signBytes } from 'node:crypto';
import { expect } from 'chai';
import { checkTimes, type SigningKey, signToken, verifyToken } from '../../../runtime/token/index.ts';
import { ecKey, hmacKey, keySet, NOW, part, rsaKey, signByHand } from '../../support/keys.ts';
import { type Refusal, refusalIn } from '../../support/refusal.ts';

const HMAC = hmacKey('h1');
const OTHER = hmacKey('h2', 'o');
const RSA = rsaKey('r1');
const EC = ecKey('e1');
const KEYS = keySet([HMAC, OTHER, RSA, EC]);
const CLAIMS = { jti: '0123456789abcdef0123456789abcdef', iat: NOW, ten: 'shop' };

const SIGNATURE: Refusal = {
  code: 'TOKEN_SIGNATURE',
  message: 'rejecting request with JWT token that fails signature validation',
  fix: undefined,
};

const verify = (token: string) => verifyToken(token, KEYS, NOW);
const signedBy = (key: SigningKey) => signToken(CLAIMS, keySet([key]), NOW);

describe('a token', () => {
  it('is checked with the key that its kid names, of several that are live at once', () => {
    for (const key of [HMAC, OTHER, RSA, EC]) expect(verify(signedBy(key))).to.deep.equal(CLAIMS);
  });

  it('is refused where its key is unknown, with the words of the original', () => {
    for (const kid of ['h3', 'H1', '', '__proto__', 'constructor']) {
      expect(refusalIn(() => verify(signedBy(hmacKey(kid))))).to.deep.equal({
        code: 'TOKEN_KEY_UNKNOWN',
        message: 'rejecting request with JWT token signed with untrusted key',
        fix: `The key ${kid} is not among the keys of this cluster: mint the token with one of them, or name its public key in WEBTASK_TRUSTED_KEYS.`,
      });
    }
  });

  it('is refused where another key signed it, be it a live one', () => {
    for (const key of [hmacKey('h1', 'x'), { ...OTHER, kid: 'h1' }, rsaKey('r1'), ecKey('e1')]) {
      expect(refusalIn(() => verify(signedBy(key)))).to.deep.equal(SIGNATURE);
    }
  });

  it('is refused where its claims or its header were changed after it was signed', () => {
    for (const key of [HMAC, RSA, EC]) {
      const [header, , signature] = signedBy(key).split('.');
      const claims = part({ ...CLAIMS, ten: 'other' });
      expect(refusalIn(() => verify(`${header}.${claims}.${signature}`))).to.deep.equal(SIGNATURE);
      const respelled = part(`{"kid":"${key.kid}","alg":"${key.algorithm}"}`);
      expect(refusalIn(() => verify(`${respelled}.${part(CLAIMS)}.${signature}`))).to.deep.equal(SIGNATURE);
    }
  });
});

describe('the algorithm of a token', () => {
  const header = (alg: unknown, kid: string) => part({ alg, kid });

  it('is none for no key, however it is spelled', () => {
    for (const { kid } of [HMAC, RSA, EC]) {
      for (const alg of ['none', 'None', 'NONE', '']) {
        expect(refusalIn(() => verify(`${header(alg, kid)}.${part(CLAIMS)}.`))).to.deep.equal(SIGNATURE);
        const signed = signByHand(header(alg, kid), part(CLAIMS), HMAC.verifyWith);
        expect(refusalIn(() => verify(signed))).to.deep.equal(SIGNATURE);
      }
    }
  });

  it('is not HS256 where the key is a public one, which everybody has: its text in no form is a secret', () => {
    for (const { kid, verifyWith } of [RSA, EC]) {
      const pem = verifyWith.export({ type: 'spki', format: 'pem' }).toString();
      const texts: (string | Buffer)[] = [
        pem,
        pem.trim(),
        pem.replaceAll('\n', '\r\n'),
        verifyWith.export({ type: 'spki', format: 'der' }),
        JSON.stringify(verifyWith.export({ format: 'jwk' })),
      ];
      if (kid === 'r1') texts.push(verifyWith.export({ type: 'pkcs1', format: 'pem' }).toString());
      for (const text of texts) {
        for (const alg of ['HS256', 'RS256', 'ES256']) {
          const token = signByHand(header(alg, kid), part(CLAIMS), createSecretKey(Buffer.from(text)));
          expect(refusalIn(() => verify(token))).to.deep.equal(SIGNATURE);
        }
      }
    }
  });

  it('is that of the key also where the signature itself would hold', () => {
    const claims = part(CLAIMS);
    const rsaSigned = (alg: string, kid: string) => {
      const input = `${header(alg, kid)}.${claims}`;
      return `${input}.${part(signBytes('sha256', Buffer.from(input), RSA.signWith))}`;
    };
    expect(verify(rsaSigned('RS256', 'r1'))).to.deep.equal(CLAIMS);
    for (const [alg, kid] of [
      ['RS256', 'h1'],
      ['RS256', 'e1'],
      ['HS256', 'h1'],
      ['HS256', 'r1'],
      ['RS512', 'r1'],
      ['PS256', 'r1'],
      ['rs256', 'r1'],
    ] as const) {
      expect(
        refusalIn(() => verify(rsaSigned(alg, kid))),
        `${alg} ${kid}`,
      ).to.deep.equal(SIGNATURE);
    }
    for (const [alg, kid] of [
      ['HS512', 'h1'],
      ['hs256', 'h1'],
      ['RS256', 'h1'],
      ['ES256', 'e1'],
    ] as const) {
      const token = signByHand(header(alg, kid), claims, HMAC.verifyWith);
      expect(
        refusalIn(() => verify(token)),
        `${alg} ${kid}`,
      ).to.deep.equal(SIGNATURE);
    }
  });

  it('is checked in its one form: no DER for ES256, no PSS for RS256, no zeros, nothing shorter or longer', () => {
    const [input, data] = [EC, RSA].map(({ algorithm, kid }) => `${header(algorithm, kid)}.${part(CLAIMS)}`);
    const der = signBytes('sha256', Buffer.from(input ?? ''), EC.signWith);
    const pss = signBytes('sha256', Buffer.from(data ?? ''), { key: RSA.signWith, padding: 6, saltLength: 32 });
    for (const token of [
      `${input}.${part(der)}`,
      `${input}.${part(Buffer.alloc(64))}`,
      `${input}.`,
      `${data}.${part(pss)}`,
      `${data}.${part(Buffer.alloc(256))}`,
      `${data}.`,
    ]) {
      expect(refusalIn(() => verify(token))).to.deep.equal(SIGNATURE);
    }
    for (const key of [HMAC, RSA, EC]) {
      const [head, claims, signature = ''] = signedBy(key).split('.');
      const bytes = Buffer.from(signature, 'base64url');
      const zero = Buffer.alloc(1);
      for (const other of [
        bytes.subarray(1),
        bytes.subarray(0, -1),
        Buffer.concat([bytes, zero]),
        Buffer.concat([zero, bytes]),
      ]) {
        expect(refusalIn(() => verify(`${head}.${claims}.${part(other)}`))).to.deep.equal(SIGNATURE);
      }
    }
  });

  it('leaves ES256 one twin of every signature, which anybody can compute: a token is known by its jti, not its text', () => {
    const [head, claims, signature = ''] = signedBy(EC).split('.');
    const bytes = Buffer.from(signature, 'base64url');
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n; // of P-256, FIPS 186
    const s = order - BigInt(`0x${bytes.subarray(32).toString('hex')}`);
    const twin = Buffer.concat([bytes.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')]);
    expect(twin).not.to.deep.equal(bytes);
    expect(verify(`${head}.${claims}.${part(twin)}`)).to.deep.equal(CLAIMS);
  });

  it('is looked for in the key set only: a public key says nothing of what it verifies', () => {
    const mislabelled = keySet([{ kid: 'r1', algorithm: 'RS256', verifyWith: createPublicKey(RSA.signWith) }]);
    expect(verifyToken(signedBy(RSA), mislabelled, NOW)).to.deep.equal(CLAIMS);
    expect(refusalIn(() => verifyToken(signedBy({ ...HMAC, kid: 'r1' }), mislabelled, NOW))).to.deep.equal(SIGNATURE);
  });
});

describe('a token of a key that is limited to containers', () => {
  const limited = keySet([HMAC, { ...EC, containers: ['shop', 'books'] }]);
  const verifyTen = (ten: string | undefined) =>
    verifyToken(signToken(ten === undefined ? {} : { ten }, keySet([EC]), NOW), limited, NOW);

  it('is good for these', () => {
    for (const ten of ['shop', 'shop,books']) expect(verifyTen(ten)).to.include({ ten });
  });

  it('is refused for others, for patterns and for all containers, though its signature holds', () => {
    for (const ten of ['other', 'shop,other', 'shop,', 'Shop', '/shop/', '/.*/', undefined]) {
      expect(
        refusalIn(() => verifyTen(ten)),
        ten,
      ).to.deep.equal({
        code: 'TOKEN_KEY_CONTAINER',
        message: 'The key e1 signs tokens of these containers only: shop, books.',
        fix: undefined,
      });
    }
  });
});

describe('the times of a token', () => {
  const EXPIRED: Refusal = { code: 'TOKEN_EXPIRED', message: 'expired JWT token', fix: undefined };
  const EARLY: Refusal = { code: 'TOKEN_NOT_YET_VALID', message: 'not yet valid JWT token', fix: undefined };

  it('let it be used until exp, and no longer', () => {
    const token = signToken({ ...CLAIMS, exp: NOW + 60 }, KEYS, NOW);
    expect(verifyToken(token, KEYS, NOW + 59.999)).to.deep.equal({ ...CLAIMS, exp: NOW + 60 });
    expect(refusalIn(() => verifyToken(token, KEYS, NOW + 60))).to.deep.equal(EXPIRED);
    expect(refusalIn(() => verifyToken(token, KEYS, NOW + 1e9))).to.deep.equal(EXPIRED);
  });

  it('let it be used from nbf on, and no earlier', () => {
    const token = signToken({ ...CLAIMS, nbf: NOW + 60 }, KEYS, NOW);
    expect(refusalIn(() => verifyToken(token, KEYS, NOW))).to.deep.equal(EARLY);
    expect(refusalIn(() => verifyToken(token, KEYS, NOW + 59.999))).to.deep.equal(EARLY);
    expect(verifyToken(token, KEYS, NOW + 60)).to.deep.equal({ ...CLAIMS, nbf: NOW + 60 });
  });

  it('are limits also where they are 0', () => {
    expect(refusalIn(() => checkTimes({ exp: 0 }, NOW))).to.deep.equal(EXPIRED);
    expect(() => checkTimes({ nbf: 0 }, NOW)).not.to.throw();
  });

  it('say nothing of a token that is not otherwise good: its signature is looked at first', () => {
    const token = signToken({ ...CLAIMS, exp: NOW - 60 }, keySet([hmacKey('h1', 'x')]), NOW);
    expect(refusalIn(() => verify(token))).to.deep.equal(SIGNATURE);
  });
});

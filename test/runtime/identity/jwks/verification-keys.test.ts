import { generateKeyPairSync } from 'node:crypto';
import { expect } from 'chai';
import { type ReadKeys, readVerificationKeys } from '../../../../runtime/identity/jwks/verification-keys.ts';
import { issuerKey, publicJwk } from '../../../support/access-token.ts';

const ACCEPTED = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const;
const read = (...keys: unknown[]) => readVerificationKeys({ keys }, ACCEPTED);
const RSA = issuerKey('r', 'RS256').jwk;
const EC = issuerKey('e').jwk;

/** The reason why a key is not used. */
const why = (jwk: unknown): string => {
  const keys = read(jwk);
  if (typeof keys !== 'string') throw new Error('the key is used');
  return keys.replace(/^it has no key that can be used \((.*)\)$/, '$1');
};

/** A public RSA key with any numbers. */
function rsaJwk(modulus: bigint, exponent: bigint): object {
  const base64url = (number: bigint) => {
    const hex = number.toString(16);
    return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex').toString('base64url');
  };
  return { kty: 'RSA', kid: 'r', n: base64url(modulus), e: base64url(exponent) };
}

const ODD_2048 = (1n << 2047n) + 1n;

describe('a key that an issuer publishes', () => {
  for (const name of ['d', 'p', 'k', 'oth'] as const) {
    it(`is not used where it has the member "${name}": it is known to more than its owner`, () => {
      expect(why({ ...EC, [name]: 'AQAB' })).to.equal(`its member "${name}" should be known to nobody`);
    });
  }

  it('is not used where it is a shared secret', () => {
    expect(why({ kty: 'oct', kid: 'o', k: 'c2VjcmV0' })).to.equal('its member "k" should be known to nobody');
    expect(why({ kty: 'oct', kid: 'o' })).to.equal('it is for none of RS256, PS256, ES256, EdDSA');
  });

  for (const [member, value, reason] of [
    ['use', 'enc', 'it is not for signatures (use)'],
    ['key_ops', ['encrypt'], 'it is not for verifying (key_ops)'],
    ['key_ops', ['sign'], 'it is not for verifying (key_ops)'],
    ['key_ops', 'verify', 'it is not for verifying (key_ops)'],
    ['key_ops', ['verify', 'verify'], 'it is not for verifying (key_ops)'],
    ['alg', 'HS256', 'it is for none of RS256, PS256, ES256, EdDSA'],
    ['alg', 'RSA-OAEP-256', 'it is for none of RS256, PS256, ES256, EdDSA'],
    ['alg', 'PS512', 'it is for none of RS256, PS256, ES256, EdDSA'],
    ['alg', 'ES256', 'it is for none of RS256, PS256, ES256, EdDSA'],
    ['kid', 7, 'its kid is no text'],
    ['n', 7, 'it is no valid public key'],
  ] as const) {
    it(`is not used where its ${member} is ${JSON.stringify(value)}`, () => {
      expect(why({ ...RSA, [member]: value })).to.equal(reason);
    });
  }

  it('is used where it says that it is for verifying', () => {
    expect(read({ ...RSA, key_ops: ['verify'] })).to.be.an('object');
  });

  it('is not used where its point is not on its curve', () => {
    expect(why({ ...EC, y: EC.x })).to.equal('it is no valid public key');
  });

  it('is not used where its curve is not that of the algorithm', () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
    expect(why({ ...publicKey.export({ format: 'jwk' }), kid: 'k' })).to.equal(
      'it is for none of RS256, PS256, ES256, EdDSA',
    );
  });

  it('is not used where RSA is too small to be safe, or so large that it would keep the processor busy', () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    expect(why(publicJwk(privateKey))).to.equal('its modulus has 1024 bits, fewer than 2048');
    expect(why(rsaJwk((1n << 2046n) + 1n, 65_537n))).to.equal('its modulus has 2047 bits, fewer than 2048');
    expect(why(rsaJwk((1n << 8192n) + 1n, 65_537n))).to.equal('its modulus has 8193 bits, more than 8192');
  });

  for (const exponent of [1n, 3n, 65_538n, 2n ** 33n + 1n]) {
    it(`is not used with the exponent ${exponent}: ${exponent === 1n ? 'every signature is its own text' : 'no sound key has it'}`, () => {
      expect(why(rsaJwk(ODD_2048, exponent))).to.equal(`its exponent is ${exponent}`);
    });
  }

  it('is not used where it is one of those that a faulty chip made (ROCA)', () => {
    const primes = [
      3n,
      5n,
      7n,
      11n,
      13n,
      17n,
      19n,
      23n,
      29n,
      31n,
      37n,
      41n,
      43n,
      47n,
      53n,
      59n,
      61n,
      67n,
      71n,
      73n,
      79n,
    ];
    const more = [83n, 89n, 97n, 101n, 103n, 107n, 109n, 113n, 127n, 131n, 137n, 139n, 149n, 151n, 157n, 163n, 167n];
    const product = [...primes, ...more].reduce((all, prime) => all * prime, 2n);
    const modulus = product * (1n << BigInt(2047 - product.toString(2).length + 1)) + (65_537n ** 9n % product);
    expect(why(rsaJwk(modulus, 65_537n))).to.equal('its modulus is one that can be factored (ROCA)');
    expect(read(rsaJwk(modulus + 2n, 65_537n))).to.be.an('object');
  });

  it('is for one algorithm: its own, or the first accepted one that goes with its type', () => {
    const { alg, ...untold } = RSA;
    const algorithmOf = (jwk: object, accepted: readonly ('RS256' | 'PS256')[]) => {
      const keys = readVerificationKeys({ keys: [jwk] }, accepted);
      return typeof keys === 'string' ? keys : keys.named('r').map(({ algorithm }) => algorithm);
    };
    expect(algorithmOf(untold, ['RS256', 'PS256'])).to.deep.equal(['RS256']);
    expect(algorithmOf(untold, ['PS256', 'RS256'])).to.deep.equal(['PS256']);
    expect(algorithmOf(RSA, ['PS256', 'RS256'])).to.deep.equal(['RS256']);
    expect(algorithmOf(RSA, ['PS256'])).to.equal('it has no key that can be used (it is for none of PS256)');
  });
});

describe('a set of keys', () => {
  it('is used without those of its keys that cannot be', () => {
    const keys = read({ kty: 'oct', kid: 'o', k: 'c2VjcmV0' }, null, 'text', { ...RSA, use: 'enc' }, EC);
    expect(typeof keys === 'string' ? keys : keys.named(undefined).map(({ kid }) => kid)).to.deep.equal(['e']);
  });

  it('has neither of two keys that have one name and algorithm: whoever can add a key would take the name over', () => {
    const other = issuerKey('e').jwk;
    expect(read(EC, other)).to.equal('it has no key that can be used (two have the kid e)');
    const keys = read(EC, other, RSA);
    expect(typeof keys === 'string' ? keys : keys.named('e')).to.deep.equal([]);
  });

  it('has a key once that is listed twice in the same words', () => {
    const keys = read(EC, EC);
    expect(typeof keys === 'string' ? keys : keys.named('e')).to.have.length(1);
  });

  it('may have two of one name that are for different algorithms', () => {
    const keys = read(EC, { ...RSA, kid: 'e' });
    const algorithms = typeof keys === 'string' ? keys : keys.named('e').map(({ algorithm }) => algorithm);
    expect(algorithms).to.deep.equal(['ES256', 'RS256']);
  });

  for (const kid of ['__proto__', 'constructor', 'toString', '../../dev/null', "' OR 1=1", '\u0000']) {
    it(`knows no key named ${JSON.stringify(kid)} that it does not have, and one that it has`, () => {
      const keys = read(EC);
      expect(typeof keys === 'string' ? keys : keys.named(kid)).to.deep.equal([]);
      const odd = read({ ...EC, kid });
      expect(typeof odd === 'string' ? odd : odd.named(kid)).to.have.length(1);
    });
  }

  it('has a hundred keys at most, since each has to be read', () => {
    const keys = Array.from({ length: 101 }, (_, i) => ({ ...EC, kid: `e${i}` }));
    expect(read(...keys)).to.equal('it has 101 keys, more than 100');
    expect(read(...keys.slice(1))).to.be.an('object');
  });

  for (const jwks of [null, 'text', [], {}, { keys: {} }]) {
    it(`is not ${JSON.stringify(jwks)}`, () => {
      expect(readVerificationKeys(jwks, ACCEPTED)).to.equal('it is no JSON Web Key Set');
    });
  }

  it('gives the same keys when it is read again, and no more those that are gone', () => {
    const known: ReadKeys = new Map();
    const first = readVerificationKeys({ keys: [EC, RSA] }, ACCEPTED, known);
    const second = readVerificationKeys({ keys: [{ ...EC }] }, ACCEPTED, known);
    if (typeof first === 'string' || typeof second === 'string') throw new Error('a set is not used');
    const [key] = first.named('e');
    expect(key && second.has(key)).to.equal(true);
    const [gone] = first.named('r');
    expect(gone && second.has(gone)).to.equal(false);
    expect(known.size).to.equal(1);
  });
});

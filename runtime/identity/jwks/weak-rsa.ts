import type { KeyObject } from 'node:crypto';

const MIN_BITS = 2048;
/** Beyond this a signature takes milliseconds, which whoever publishes keys could have every request take. */
const MAX_BITS = 8192;
const MIN_EXPONENT = 65_537n;
const MAX_EXPONENT = 2n ** 32n;

/** The primes by which keys of one faulty chip are told: each leaves a power of 65537. */
const ROCA_PRIMES = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113,
  127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/**
 * Says why an RSA key is too weak to be believed.
 *
 * @returns `undefined` for a good key
 * @see RFC 7518 section 3.3 (size), FIPS 186-5 section 5.4 (exponent), CVE-2017-15361 (ROCA)
 */
export function weaknessOf(key: KeyObject): string | undefined {
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  if (modulusLength < MIN_BITS) return `its modulus has ${modulusLength} bits, fewer than ${MIN_BITS}`;
  if (modulusLength > MAX_BITS) return `its modulus has ${modulusLength} bits, more than ${MAX_BITS}`;
  if (publicExponent < MIN_EXPONENT || publicExponent > MAX_EXPONENT || publicExponent % 2n === 0n) {
    return `its exponent is ${publicExponent}`;
  }
  const { n = '' } = key.export({ format: 'jwk' });
  const modulus = BigInt(`0x${Buffer.from(n, 'base64url').toString('hex')}`);
  return ROCA_PRIMES.every((prime) => isPowerOf65537(modulus, prime))
    ? 'its modulus is one that can be factored (ROCA)'
    : undefined;
}

function isPowerOf65537(modulus: bigint, prime: number): boolean {
  const wanted = Number(modulus % BigInt(prime));
  let power = 1;
  do {
    if (power === wanted) return true;
    power = (power * 65_537) % prime;
  } while (power !== 1);
  return false;
}

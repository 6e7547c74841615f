import { randomBytes } from 'node:crypto';

/** 128 bits. */
export type Words = readonly [number, number, number, number];

/** Makes fingerprints. Each call leaves the words of one in `out`, so that nothing is allocated. */
export interface Fingerprints {
  readonly key: Words;
  readonly out: Uint32Array;
  /** Makes that of a key of the denylist, in base64url. */
  ofKey(key: string): void;
  /** Makes that of 128 bits. */
  ofWords(m0: number, m1: number, m2: number, m3: number): void;
}

const ROUNDS = 12;

/** The value of each character of base64url. */
const SEXTETS = Uint8Array.from({ length: 128 }, (_, code) =>
  Math.max(0, 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.indexOf(String.fromCharCode(code))),
);

/**
 * Makes what an in-memory table places its entries by: Chaskey-12 (ISO/IEC 29192-6) of one block, under a random key.
 *
 * Who chooses ids can have the SHA-256 of as many as he likes begin alike; placed by it, they would make one long row
 * to search. Where they are placed by a keyed function, nobody knows it without the key. This one needs 32-bit
 * arithmetic only, which JavaScript does fast; SipHash needs 64 bits. One block of it is a permutation: two keys that
 * differ in the 120 bits that are taken here have different fingerprints.
 *
 * @see Mouha et al., "Chaskey: An Efficient MAC Algorithm for 32-bit Microcontrollers", 2014
 */
export function createFingerprints(key: Words = randomKey()): Fingerprints {
  const [k0, k1, k2, k3] = key;
  const [s0, s1, s2, s3] = timesTwo(key);
  const out = new Uint32Array(4);

  function ofWords(m0: number, m1: number, m2: number, m3: number): void {
    let v0 = m0 ^ k0 ^ s0;
    let v1 = m1 ^ k1 ^ s1;
    let v2 = m2 ^ k2 ^ s2;
    let v3 = m3 ^ k3 ^ s3;
    for (let round = 0; round < ROUNDS; round++) {
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 13) | (v3 >>> 19)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 7) | (v1 >>> 25)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
    }
    out[0] = v0 ^ s0;
    out[1] = v1 ^ s1;
    out[2] = v2 ^ s2;
    out[3] = v3 ^ s3;
  }

  return {
    key,
    out,
    ofWords,
    ofKey: (text) => ofWords(word(text, 0), word(text, 5), word(text, 10), word(text, 15)),
  };
}

/** 30 bits of a key. */
function word(text: string, from: number): number {
  let bits = 0;
  for (let i = from; i < from + 5; i++) bits = (bits << 6) | (SEXTETS[text.charCodeAt(i)] ?? 0);
  return bits;
}

/** Doubles in GF(2^128): what a whole last block is masked with. */
function timesTwo([k0, k1, k2, k3]: Words): Words {
  return [
    (k0 << 1) ^ (k3 >>> 31 ? 0x87 : 0),
    (k1 << 1) | (k0 >>> 31),
    (k2 << 1) | (k1 >>> 31),
    (k3 << 1) | (k2 >>> 31),
  ];
}

function randomKey(): Words {
  const bytes = randomBytes(16);
  return [bytes.readUInt32LE(0), bytes.readUInt32LE(4), bytes.readUInt32LE(8), bytes.readUInt32LE(12)];
}

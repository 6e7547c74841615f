import { constants, deflateSync, inflateSync } from 'node:zlib';
import { fail } from '../../errors.ts';

/** How many bits each status of a list takes. */
export type StatusBits = 1 | 2 | 4 | 8;

/** The statuses that are defined for every list; others are between an issuer and those who read its lists. */
export const STATUS = { valid: 0, invalid: 1, suspended: 2 } as const;

/** The statuses of many tokens, each at the index that its token names. */
export interface StatusList {
  readonly bits: StatusBits;
  /** How many statuses it has. */
  readonly size: number;
  /**
   * @param index - from 0 to `size - 1`
   * @throws STATUS_INDEX_OUT_OF_RANGE
   */
  get(index: number): number;
  /** @throws STATUS_INDEX_OUT_OF_RANGE */
  set(index: number, status: number): void;
  /** The claim `status_list` of a Status List Token. */
  encode(): EncodedStatusList;
}

/** A list as JSON says it: its bytes are compressed, and in base64url. */
export interface EncodedStatusList {
  readonly bits: StatusBits;
  readonly lst: string;
}

/** The most bytes that a list may have when it is decompressed: 32 million statuses of one bit. */
const MAX_BYTES = 4 << 20;

/**
 * Makes a list in which every status is 0, valid.
 *
 * @param size - how many statuses, at most 4 MiB of them; it is rounded up to whole bytes
 * @param bytes - where they are kept, of that size: the list goes on with what is there
 * @throws STATUS_LIST_INVALID
 * @see Token Status List (draft-ietf-oauth-status-list) section 4
 *
 * @example
 * const list = createStatusList(1_000_000);
 * list.set(1904, STATUS.invalid);
 */
export function createStatusList(size: number, bits: StatusBits = 1, bytes?: Uint8Array): StatusList {
  const length = Math.ceil((size * bits) / 8);
  if (!Number.isInteger(size) || size < 1 || length > MAX_BYTES) {
    fail('STATUS_LIST_INVALID', { reason: `it cannot have ${size} statuses of ${bits} bits` });
  }
  return listOf(bytes ?? new Uint8Array(length), bits);
}

/**
 * Reads the claim `status_list` of a Status List Token.
 *
 * @throws STATUS_LIST_INVALID where it is none, also one that becomes larger than 4 MiB
 * @see Token Status List (draft-ietf-oauth-status-list) sections 4.2 and 8.3
 */
export function decodeStatusList(claim: unknown): StatusList {
  const { bits, lst } = typeof claim === 'object' && claim !== null ? (claim as Record<string, unknown>) : {}; // looked at here
  if (!isBits(bits)) return fail('STATUS_LIST_INVALID', { reason: 'its bits are not 1, 2, 4 or 8' });
  if (typeof lst !== 'string' || !/^[\w-]+$/.test(lst)) {
    return fail('STATUS_LIST_INVALID', { reason: 'its lst is not base64url' });
  }
  try {
    return listOf(inflateSync(Buffer.from(lst, 'base64url'), { maxOutputLength: MAX_BYTES }), bits);
  } catch (cause) {
    return fail('STATUS_LIST_INVALID', { reason: 'its lst cannot be decompressed' }, { cause });
  }
}

function listOf(bytes: Uint8Array, bits: StatusBits): StatusList {
  const perByte = 8 / bits;
  const mask = 2 ** bits - 1;
  const size = bytes.length * perByte;

  /** The byte that a status is in, and how far to shift it; the first status of a byte is in its lowest bits. */
  function placeOf(index: number): [at: number, shift: number] {
    if (!Number.isInteger(index) || index < 0 || index >= size) fail('STATUS_INDEX_OUT_OF_RANGE', { index, size });
    return [Math.floor(index / perByte), (index % perByte) * bits];
  }

  return {
    bits,
    size,
    get(index) {
      const [at, shift] = placeOf(index);
      return ((bytes[at] ?? 0) >> shift) & mask;
    },
    set(index, status) {
      const [at, shift] = placeOf(index);
      if (!Number.isInteger(status) || status < 0 || status > mask) {
        fail('STATUS_LIST_INVALID', { reason: `${status} is no status of ${bits} bits` });
      }
      bytes[at] = ((bytes[at] ?? 0) & ~(mask << shift)) | (status << shift);
    },
    encode: () => ({ bits, lst: deflateSync(bytes, { level: constants.Z_BEST_COMPRESSION }).toString('base64url') }),
  };
}

function isBits(value: unknown): value is StatusBits {
  return value === 1 || value === 2 || value === 4 || value === 8;
}

import { fail } from '../../errors.ts';
import type { Store } from '../../store/index.ts';
import type { JwtSigner } from '../endpoints/sign-jwt.ts';
import { createStatusList, type StatusList } from './status-list.ts';

/** The status lists that a tenant publishes. */
export interface PublishedLists {
  /**
   * Resolves when the status is kept.
   *
   * @throws STATUS_LIST_UNKNOWN, STATUS_INDEX_OUT_OF_RANGE, STATUS_LIST_INVALID
   */
  set(list: number, index: number, status: number): Promise<void>;
  /**
   * Gives the Status List Token of a list, as it was at most {@link TTL} seconds ago.
   *
   * @throws STATUS_LIST_UNKNOWN
   */
  tokenOf(list: number): Promise<string>;
  /** Which status a token names in its claim `status`, where it is one of these lists. */
  placeIn(claims: Readonly<Record<string, unknown>>): { list: number; index: number } | undefined;
}

/** What lists are published with. */
export interface PublishedListOptions {
  readonly store: Store;
  readonly tenant: string;
  readonly signer: JwtSigner;
  /** What the number of a list is appended to, to make its URI. */
  readonly baseUri: string;
  /** How many lists there are. */
  readonly count: number;
  /** Seconds since the epoch. */
  readonly now: () => number;
}

/** Statuses of a list, of two bits: enough for valid, invalid and suspended, and for nobody to stand out. */
export const LIST_SIZE = 131_072;
/** Seconds that whoever reads a list may go by it. */
export const TTL = 10;
/** Seconds after which a list counts for nobody any more. */
const LIFETIME = 300;
const BITS = 2;
/** Statuses that are stored together: 4 KiB, which is also what a change writes. */
const CHUNK_SIZE = 16_384;
const CHUNK_BYTES = (CHUNK_SIZE * BITS) / 8;
const MAX_ATTEMPTS = 100;

/**
 * Makes what keeps a tenant's status lists and signs them, for those who check tokens without asking about each.
 *
 * @see Token Status List (draft-ietf-oauth-status-list) sections 5.1 and 8
 */
export function createPublishedLists(options: PublishedListOptions): PublishedLists {
  const { store, tenant, signer, baseUri, count, now } = options;
  const partition = `identity/status-lists/${tenant}`;
  const signed = new Map<number, { at: number; token: Promise<string> }>();
  const sortOf = (list: number, chunk: number): string => `${list}/${chunk}`;

  function checkList(list: number): void {
    if (!Number.isInteger(list) || list < 0 || list >= count) fail('STATUS_LIST_UNKNOWN', { list, count });
  }

  async function readList(list: number): Promise<StatusList> {
    const chunks = Array.from({ length: LIST_SIZE / CHUNK_SIZE }, async (_, chunk) => {
      const item = await store.get({ partition, sort: sortOf(list, chunk) });
      return item ? Buffer.from(String(item.value), 'base64') : Buffer.alloc(CHUNK_BYTES);
    });
    return createStatusList(LIST_SIZE, BITS, Buffer.concat(await Promise.all(chunks)));
  }

  async function sign(list: number): Promise<string> {
    const { bits, lst } = (await readList(list)).encode();
    const uri = baseUri + list;
    const exp = Math.floor(now()) + LIFETIME;
    return signer.sign('statuslist+jwt', { sub: uri, exp, ttl: TTL, status_list: { bits, lst } });
  }

  return {
    async set(list, index, status) {
      checkList(list);
      if (!Number.isInteger(index) || index < 0 || index >= LIST_SIZE) {
        fail('STATUS_INDEX_OUT_OF_RANGE', { index, size: LIST_SIZE });
      }
      const key = { partition, sort: sortOf(list, Math.floor(index / CHUNK_SIZE)) };
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        const item = await store.get(key);
        const bytes = item ? Buffer.from(String(item.value), 'base64') : Buffer.alloc(CHUNK_BYTES);
        createStatusList(CHUNK_SIZE, BITS, bytes).set(index % CHUNK_SIZE, status);
        const written = await store.put(key, bytes.toString('base64'), { expected: item?.version ?? null });
        if (!written.ok) continue; // somebody else set another one meanwhile
        signed.delete(list);
        return;
      }
      fail('STORE_UNREACHABLE', { reason: 'the status list changes faster than it can be written' });
    },
    tokenOf(list) {
      checkList(list);
      const known = signed.get(list);
      if (known && now() - known.at < TTL / 2) return known.token;
      const token = sign(list);
      signed.set(list, { at: now(), token });
      token.catch(() => signed.get(list)?.token === token && signed.delete(list));
      return token;
    },
    placeIn({ status }) {
      const { status_list: place } = (status ?? {}) as { status_list?: { uri?: unknown; idx?: unknown } }; // looked at here
      const { uri, idx } = place ?? {};
      if (typeof uri !== 'string' || !uri.startsWith(baseUri) || typeof idx !== 'number') return undefined;
      const list = uri.slice(baseUri.length);
      const isPlace = Number.isInteger(idx) && idx >= 0 && idx < LIST_SIZE;
      return isPlace && /^\d{1,9}$/.test(list) && Number(list) < count ? { list: Number(list), index: idx } : undefined;
    },
  };
}

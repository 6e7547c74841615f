import { sha256Hex } from '../../code/index.ts';
import { fail, type WebtaskError } from '../../errors.ts';
import type { Key, Store } from '../../store/index.ts';
import type { TokenClaims } from '../../token/index.ts';
import { createRevocationWebtask } from './revocation-webtask.ts';

/** Where it is kept which tokens are revoked. Every question is answered, or throws. */
export interface RevocationSource {
  has(jti: string): Promise<boolean>;
  add(jti: string, token: string, claims: TokenClaims): Promise<void>;
  /** The id of the token that the list itself runs by: asked about, it would wait for its own answer. */
  readonly own?: string | undefined;
  /**
   * Makes sure from now on, and every minute, that what the list answers comes from the list.
   *
   * @param onError - is told each time that it does not
   * @returns ends it
   */
  watch?(onError: (error: WebtaskError) => void): () => void;
}

/** A revocation outlives its token by what clocks may differ: seconds. */
const CLOCKS_DIFFER = 60 * 60;

/**
 * Opens the list of revoked tokens: the webtask that `WEBTASK_REVOCATION_URL` names, or the store.
 *
 * @param now - milliseconds since the epoch
 * @throws SETTING_INVALID
 */
export function openRevocationSource(
  openStore: () => Promise<Store>,
  env: NodeJS.ProcessEnv,
  now: () => number,
): RevocationSource {
  const { WEBTASK_REVOCATION_URL: url, WEBTASK_REVOCATION_CONTRACT: contract = 'marker' } = env;
  if (!url) return createRevocationStore(openStore, now);
  if (!URL.canParse(url) || !/^https?:/.test(url)) {
    fail('SETTING_INVALID', { setting: 'WEBTASK_REVOCATION_URL', reason: 'it is no http or https URL' });
  }
  if (contract !== 'marker' && contract !== 'seed') {
    return fail('SETTING_INVALID', { setting: 'WEBTASK_REVOCATION_CONTRACT', reason: 'it is neither marker nor seed' });
  }
  return createRevocationWebtask(url, contract, now);
}

/** Keeps the list in the store. */
function createRevocationStore(openStore: () => Promise<Store>, now: () => number): RevocationSource {
  return {
    async has(jti) {
      return (await (await openStore()).get(keyOf(jti))) !== undefined;
    },
    async add(jti, _token, { exp }) {
      const expires = exp === undefined ? undefined : exp + CLOCKS_DIFFER;
      await (await openStore()).put(keyOf(jti), { jti, revoked_at: Math.floor(now() / 1000) }, { expires });
    },
  };
}

/** An id can be any text; a key cannot. */
function keyOf(jti: string): Key {
  const hash = sha256Hex(jti);
  return { partition: `revoked/${hash.slice(0, 2)}`, sort: hash };
}

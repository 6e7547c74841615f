import { setTimeout as delay } from 'node:timers/promises';
import { fail } from '../../errors.ts';
import type { AlgorithmName } from '../algorithms.ts';
import { type FetchedJson, RETRY_AFTER } from './fetch-json.ts';
import type { KeySource } from './key-source.ts';
import { type ReadKeys, readVerificationKeys, type VerificationKeys } from './verification-keys.ts';

/** Fetches a key set, and tells from where. */
export type LoadKeySet = () => Promise<FetchedJson & { readonly url: string }>;

/** How keys are kept. */
export interface Keeping {
  readonly algorithms: readonly AlgorithmName[];
  /** Milliseconds for which keys that could not be fetched anew serve on. */
  readonly staleMs: number;
  /** Milliseconds from the beginning of one fetch to that of the next, at least. */
  readonly intervalMs: number;
}

/** Milliseconds for which keys are fresh, where `Cache-Control` says nothing, too little, or too much. */
const FRESH_MS = { otherwise: 300_000, min: 30_000, max: 3_600_000 };

/** By when of that time they are fetched anew, so that nobody has to wait for it. */
const REFRESH = 0.8;

/** Of a flood of tokens with unknown keys, those that wait for a fetch. */
const MAX_WAITING = 10_000;

/**
 * Keeps the keys of an issuer fresh: the whole set, fetched anew in time whenever one is asked for.
 *
 * A token with an unknown key has it fetched at once, or as soon as the interval allows; all who look share that fetch.
 * So however many of them come, the issuer is asked once in the interval, known keys go on as ever, and a new one is seen
 * by the next fetch. Where the issuer cannot be asked, that is said, and never that the key does not exist.
 *
 * @see RFC 5861 (stale-while-revalidate, stale-if-error)
 */
export function createRemoteKeys(load: LoadKeySet, { algorithms, staleMs, intervalMs }: Keeping): Required<KeySource> {
  const known: ReadKeys = new Map();
  let kept: { keys: VerificationKeys; at: number; freshMs: number } | undefined;
  let isFailing = false;
  let began = Number.NEGATIVE_INFINITY;
  let running: Promise<VerificationKeys> | undefined;
  let queued: Promise<VerificationKeys> | undefined;
  let waiting = 0;

  async function loadKeys(): Promise<VerificationKeys> {
    const { value, maxAge, url } = await load();
    const keys = readVerificationKeys(value, algorithms, known);
    if (typeof keys === 'string') return fail('JWKS_UNAVAILABLE', { url, reason: keys, retryAfter: RETRY_AFTER });
    kept = { keys, at: Date.now(), freshMs: freshFor(maxAge) };
    return keys;
  }

  function begin(): Promise<VerificationKeys> {
    if (running) return running;
    began = performance.now();
    running = (async () => {
      try {
        const keys = await loadKeys();
        isFailing = false;
        return keys;
      } catch (error) {
        isFailing = true;
        throw error;
      } finally {
        running = undefined;
      }
    })();
    return running;
  }

  const waitMs = (): number => Math.max(0, began + intervalMs - performance.now());

  /** The fetch that begins next. */
  function next(): Promise<VerificationKeys> {
    const wait = waitMs();
    if (wait === 0) return begin();
    queued ??= delay(wait).then(() => {
      queued = undefined;
      return begin();
    });
    return queued;
  }

  /** Keys that are past their time, where there is no way to have fresh ones. */
  function stale(): VerificationKeys | undefined {
    if (!isFailing || !kept) return undefined;
    const age = Date.now() - kept.at;
    return age < kept.freshMs + staleMs ? kept.keys : undefined;
  }

  return {
    current() {
      if (!kept) return undefined;
      const age = Date.now() - kept.at;
      const isKept = age >= 0; // the clock may have been set back
      if ((!isKept || age >= kept.freshMs * REFRESH) && waitMs() === 0) begin().catch(() => undefined);
      return isKept && age < kept.freshMs ? kept.keys : stale();
    },
    async find(lookup) {
      if (waiting >= MAX_WAITING) {
        const reason = 'too many requests wait for them';
        fail('JWKS_UNAVAILABLE', { url: 'where they are published', reason, retryAfter: RETRY_AFTER });
      }
      waiting += 1;
      try {
        // One that has begun may have been answered before the key was published; then the next one is asked.
        const key = running && lookup(await running);
        return key ?? lookup(await next());
      } catch (error) {
        const keys = stale();
        const key = keys && lookup(keys);
        if (key) return key;
        throw error;
      } finally {
        waiting -= 1;
      }
    },
  };
}

function freshFor(maxAge: number | undefined): number {
  if (maxAge === undefined) return FRESH_MS.otherwise;
  return Math.min(Math.max(maxAge * 1000, FRESH_MS.min), FRESH_MS.max);
}

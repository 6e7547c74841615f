import { LRUCache } from 'lru-cache';
import { entries } from '../entries.ts';
import { fail } from '../errors.ts';
import { type FetchPolicy, fetchCode, shown } from './fetch.ts';
import { sha256Hex } from './hash.ts';

/** Code and what identifies it. */
export interface LoadedCode {
  readonly text: string;
  /** SHA-256 of its bytes. */
  readonly sha256: string;
}

/** Which code is wanted. */
export interface CodeReference {
  readonly url: string;
  /** The hash that its bytes must have; without it, whatever the URL answers. */
  readonly sha256?: string | undefined;
  /** Asks the URL again, although its answer is remembered. */
  readonly noCache?: boolean | undefined;
}

/** Loads code, and remembers it. */
export interface CodeLoader {
  (wanted: CodeReference): Promise<LoadedCode>;
  /** Has a URL asked again when its code is next wanted. */
  forget(url: string): void;
}

const MAX_BYTES = 64 * 1024 * 1024;
/** How long the answer of a URL is used for tokens that do not pin its hash. */
const UNPINNED_MS = 60_000;

/**
 * Makes a loader of code that remembers what it fetched: by content for ever, by URL for a minute.
 *
 * Requests for one URL at the same time are one fetch.
 *
 * @param now - milliseconds of any clock that never goes back; for tests
 * @param limits - of each fetch
 * @returns a function that throws CODE_HASH_MISMATCH and what {@link fetchCode} throws
 */
export function createCodeLoader(
  policy: FetchPolicy,
  now: () => number = performance.now.bind(performance),
  limits: Parameters<typeof fetchCode>[2] = {},
): CodeLoader {
  const byContent = new LRUCache<string, LoadedCode>({
    maxSize: MAX_BYTES,
    sizeCalculation: (it) => it.text.length + 1,
  });
  const byUrl = new LRUCache<string, string>({ ...entries(10_000), ttl: UNPINNED_MS, ttlResolution: 0, perf: { now } });
  const underWay = new Map<string, Promise<LoadedCode>>();

  async function fetchOnce(url: string): Promise<LoadedCode> {
    const bytes = await fetchCode(url, policy, limits);
    const code = { text: bytes.toString('utf8'), sha256: sha256Hex(bytes) };
    byContent.set(code.sha256, code);
    byUrl.set(url, code.sha256);
    return code;
  }

  const load = async ({ url, sha256, noCache }: CodeReference): Promise<LoadedCode> => {
    const known = noCache && sha256 === undefined ? undefined : byContent.get(sha256 ?? byUrl.get(url) ?? '');
    if (known) return known;
    let fetching = underWay.get(url);
    if (!fetching) {
      fetching = fetchOnce(url).finally(() => underWay.delete(url));
      underWay.set(url, fetching);
    }
    const code = await fetching;
    if (sha256 !== undefined && code.sha256 !== sha256) {
      fail('CODE_HASH_MISMATCH', { url: shown(url), expected: sha256, found: code.sha256 });
    }
    return code;
  };
  return Object.assign(load, { forget: (url: string) => void byUrl.delete(url) });
}

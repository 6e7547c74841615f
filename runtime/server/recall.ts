import { LRUCache } from 'lru-cache';
import { entries } from '../entries.ts';

/** How long an answer is good. */
export interface RecallTimes<T> {
  /** Milliseconds from when it was asked for, by what it is. */
  readonly knownMs: (value: T) => number;
  /** Milliseconds from when it was asked for until it is asked for again, while it is still good. */
  readonly freshMs: number;
  /** How many are remembered. */
  readonly max: number;
}

/** Answers of a store that are remembered for a while. */
export interface Recall<T> {
  /** Gives an answer that is good, at once where it is remembered. Rejects with why there is none. */
  get(key: string): T | Promise<T>;
  /** Says what is so from now on; an answer that is on its way is not believed any more. */
  set(key: string, value: T): void;
  /** What is so has changed. */
  forget(key: string): void;
}

interface Known<T> {
  readonly value: T;
  readonly freshUntil: number;
  readonly knownUntil: number;
}

/**
 * Remembers what is asked of a store over and over: many who ask at the same time ask once, and what is asked all the
 * time is asked again before it is too old, so that nobody waits. What is too old is never given.
 *
 * @param ask - asks the store
 * @param now - milliseconds
 */
export function createRecall<T>(
  ask: (key: string) => Promise<T>,
  { knownMs, freshMs, max }: RecallTimes<T>,
  now: () => number,
): Recall<T> {
  const known = new LRUCache<string, Known<T>>(entries(max));
  const asking = new Map<string, Promise<T>>();

  function remember(key: string, value: T, since: number): void {
    const goodFor = knownMs(value);
    const freshFor = goodFor === Number.POSITIVE_INFINITY ? goodFor : freshMs;
    known.set(key, { value, freshUntil: since + freshFor, knownUntil: since + goodFor });
  }

  function askOnce(key: string): Promise<T> {
    const askedAt = now();
    const answer = ask(key).then(
      (value) => {
        // It may have changed here meanwhile.
        if (asking.get(key) !== answer) return known.get(key)?.value ?? value;
        asking.delete(key);
        remember(key, value, askedAt);
        return value;
      },
      (error: unknown) => {
        if (asking.get(key) === answer) asking.delete(key);
        throw error;
      },
    );
    asking.set(key, answer);
    return answer;
  }

  return {
    get(key) {
      const found = known.get(key);
      if (found) {
        const time = now();
        if (time < found.freshUntil) return found.value;
        if (time < found.knownUntil) {
          if (!asking.has(key)) askOnce(key).catch(() => undefined); // whoever asks when it is too old is told
          return found.value;
        }
      }
      return asking.get(key) ?? askOnce(key);
    },
    set(key, value) {
      asking.delete(key);
      remember(key, value, now());
    },
    forget(key) {
      asking.delete(key);
      known.delete(key);
    },
  };
}

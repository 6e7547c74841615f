import { createRequire } from 'node:module';
import type { Clock } from '@sinonjs/fake-timers';
import { WebtaskError } from '../errors.ts';
import { explain } from './explain.ts';

let clock: Clock | undefined;

/**
 * Freezes the date that webtasks and tests see. Timers go on as ever.
 *
 * Under mocha the date runs again after each test.
 *
 * @param to - the date to stop at
 * @example
 * freezeDate('2026-01-01T00:00:00Z');
 * moveDate(60_000); // one minute later
 */
export function freezeDate(to: string | number | Date): void {
  releaseDate();
  // Loaded here: most tests never need it.
  const timers: typeof import('@sinonjs/fake-timers') = createRequire(import.meta.url)('@sinonjs/fake-timers');
  clock = timers.install({ now: new Date(to), toFake: ['Date'] });
}

/**
 * Moves the frozen date.
 *
 * @param milliseconds - how far; negative goes back
 * @throws HARNESS_DATE_NOT_FROZEN
 */
export function moveDate(milliseconds: number): void {
  if (!clock) throw explain(new WebtaskError('HARNESS_DATE_NOT_FROZEN', {}));
  clock.setSystemTime(clock.now + milliseconds);
}

/** Lets the date run again. */
export function releaseDate(): void {
  clock?.uninstall();
  clock = undefined;
}

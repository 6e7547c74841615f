import { WebtaskError } from '../errors.ts';
import { explain } from './explain.ts';

/**
 * Refuses what a test in JavaScript has misspelled, where it would be passed over in silence.
 *
 * @param what - what was given, as the test calls it
 * @throws HARNESS_OPTION
 */
export function checkMembers(what: string, given: object, known: readonly string[]): void {
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue;
    throw explain(new WebtaskError('HARNESS_OPTION', { what, name, known: known.join(', ') }));
  }
}

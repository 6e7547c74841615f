import { shown } from '../../code/fetch.ts';
import { readSpecs } from '../../compile/middleware.ts';
import { fail } from '../../errors.ts';

/**
 * Lets a worker have only that code fetched which the metadata of its webtask names: it asks its server, which has a
 * network although its webtasks may have none.
 *
 * @param fetchText - fetches what is named
 * @returns a function that throws COMPILER_URL_REFUSED, and what `fetchText` throws
 */
export function fetchNamed(
  meta: Readonly<Record<string, string>>,
  fetchText: (url: string) => Promise<string>,
): (url: string) => Promise<string> {
  return async (url) => {
    const named = [meta['wt-compiler'], ...readSpecs(meta['wt-middleware'] ?? '')];
    return named.includes(url) ? fetchText(url) : fail('COMPILER_URL_REFUSED', { url: shown(url) });
  };
}

/** Receives one sentence about a name that was read and never given. */
export type ReportMissing = (sentence: string) => void;

/** Which record is being watched, and so how surely an absent name is a mistake. */
type Kind = 'secrets' | 'params' | 'data';

/** Names that code and libraries ask of any object. */
const ASKED_OF_ANY_OBJECT = new Set([
  'then',
  'toJSON',
  'constructor',
  'inspect',
  'length',
  'nodeType',
  'asymmetricMatch',
]);

/**
 * Watches for reads of secrets and parameters that were never given, without changing what the code sees.
 *
 * In `data`, where most absent names are absent query parameters, only a name that is close to a given one, or is
 * written as secrets are (`LIKE_THIS`), is reported.
 *
 * @param record - what the webtask will read
 * @param given - the names that secrets and parameters have
 * @param report - called once for each name
 * @returns a stand-in for `record`
 */
export function watchMissing<T extends object>(
  record: T,
  kind: Kind,
  given: readonly string[],
  report: ReportMissing,
): T {
  const reported = new Set<string>();
  return new Proxy(record, {
    get(target, name, receiver) {
      if (typeof name === 'string' && !(name in target) && !ASKED_OF_ANY_OBJECT.has(name) && !reported.has(name)) {
        if (isReadByModule()) return undefined;
        reported.add(name);
        const nearest = nearestName(name, given);
        if (kind !== 'data' || nearest !== undefined || /^[A-Z][A-Z0-9]*_[A-Z0-9_]+$/.test(name)) {
          report(sentence(name, kind, nearest));
        }
      }
      return Reflect.get(target, name, receiver);
    },
  });
}

/** Installed modules ask for settings that they can do without; only the author's own code makes typing mistakes. */
function isReadByModule(): boolean {
  return new Error().stack?.split('\n')[3]?.includes('node_modules') === true;
}

function sentence(name: string, kind: Kind, nearest: string | undefined): string {
  const guess = nearest === undefined ? '' : ` Did you mean ${nearest}?`;
  return `context.${kind}.${name} was read, but no ${kind === 'params' ? 'parameter' : 'secret'} of that name was given.${guess}`;
}

/**
 * Finds the name that somebody who wrote `wanted` most likely meant.
 *
 * @returns the nearest of `names`, or `undefined` where none is near
 */
export function nearestName(wanted: string, names: readonly string[]): string | undefined {
  // One or two letters are near to every other; of them only the case may differ.
  const limit = wanted.length < 3 ? 0 : Math.max(1, Math.floor(wanted.length / 4));
  let nearest: string | undefined;
  let nearestDistance = limit + 1;
  for (const name of names) {
    const distance = editDistance(wanted.toLowerCase(), name.toLowerCase());
    if (distance < nearestDistance && name !== wanted) [nearest, nearestDistance] = [name, distance];
  }
  return nearest;
}

/** How many letters have to be added, left out, replaced or swapped with the next. */
function editDistance(a: string, b: string): number {
  let previous: number[] = [];
  let current = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (current[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = isSwapped ? (previous[j - 2] ?? 0) + 1 : replaced;
      next.push(Math.min((current[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, replaced, swapped));
    }
    [previous, current] = [current, next];
  }
  return current[b.length] ?? 0;
}

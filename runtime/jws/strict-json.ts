import type { Refuse } from './refuse.ts';

/** Deeper than any claim needs. */
const MAX_DEPTH = 8;

/**
 * Parses JSON that must have one reading only: no member twice, no excessive depth, an object at the top.
 *
 * JSON.parse keeps the last of two members of one name; another reader may keep the first, and the two would then
 * disagree about what was signed.
 *
 * @param text - JSON text
 * @param what - named in the error
 * @param refuse - throws the error
 */
export function parseStrictObject(text: string, what: string, refuse: Refuse): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    refuse(`${what} is not JSON`, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    refuse(`${what} is not a JSON object`);
  }
  checkMembers(text, what, refuse);
  return value as Record<string, unknown>; // just checked
}

/** Walks text that is known to be JSON, and looks at its structure alone. */
function checkMembers(text: string, what: string, refuse: Refuse): void {
  const levels: (Set<string> | 'array')[] = [];
  const token = /"(?:[^"\\]|\\.)*"|[{}[\]:,]/g;
  let last: string | undefined;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const [symbol] = match;
    if (symbol === '{' || symbol === '[') {
      levels.push(symbol === '{' ? new Set() : 'array');
      if (levels.length > MAX_DEPTH) refuse(`${what} is nested too deeply`);
    } else if (symbol === '}' || symbol === ']') {
      levels.pop();
    } else if (symbol === ':') {
      const level = levels.at(-1);
      const name: unknown = JSON.parse(last ?? '""'); // two spellings of one name are one name
      if (level instanceof Set && typeof name === 'string') {
        if (level.has(name)) refuse(`${what} has the member "${name}" twice`);
        level.add(name);
      }
    }
    last = symbol;
  }
}

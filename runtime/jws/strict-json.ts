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
 * @returns the object, frozen at any depth: what was signed is shared, and nobody's to change
 */
export function parseStrictObject(text: string, what: string, refuse: Refuse): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    refuse(`${what} is not JSON`, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(`${what} is not a JSON object`);
  const parsed = freeze(value, MAX_DEPTH);
  if (parsed === undefined) refuse(`${what} is nested too deeply`);
  if (parsed !== membersWritten(text)) refuse(`${what} has the member "${memberTwice(text)}" twice`);
  return value as Record<string, unknown>; // just checked
}

/**
 * Freezes a value that was JSON, and what is in it.
 *
 * @returns the number of members, at any depth; `undefined` where that is more than `levels`
 */
function freeze(value: unknown, levels: number): number | undefined {
  if (typeof value !== 'object' || value === null) return 0;
  if (levels === 0) return undefined;
  const isList = Array.isArray(value);
  let count = 0;
  for (const name in value) {
    const inside = freeze((value as Record<string, unknown>)[name], levels - 1);
    if (inside === undefined) return undefined;
    count += isList ? inside : inside + 1;
  }
  Object.freeze(value);
  return count;
}

const QUOTE = 0x22;
const COLON = 0x3a;
const BACKSLASH = 0x5c;

/** The number of members that a text writes, which is known to be JSON: of those that come twice both. */
function membersWritten(text: string): number {
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === COLON) count += 1;
    if (code !== QUOTE) continue;
    for (i += 1; text.charCodeAt(i) !== QUOTE; i++) if (text.charCodeAt(i) === BACKSLASH) i += 1;
  }
  return count;
}

/** The name of a member that a text, which is known to be JSON, writes twice in one object. */
function memberTwice(text: string): string | undefined {
  const levels: Set<string>[] = [];
  let last = '""';
  for (const [symbol] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:]/g)) {
    if (symbol === '{' || symbol === '[') levels.push(new Set());
    if (symbol === '}' || symbol === ']') levels.pop();
    if (symbol === ':') {
      const name = String(JSON.parse(last)); // two spellings of one name are one name
      if (levels.at(-1)?.has(name)) return name;
      levels.at(-1)?.add(name);
    }
    last = symbol;
  }
  return undefined;
}

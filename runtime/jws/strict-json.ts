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
 * Freezes an object or list that was JSON, and what is in it.
 *
 * @returns the number of members, at any depth; `undefined` where that is more than `levels`
 */
function freeze(value: object, levels: number): number | undefined {
  if (levels === 0) return undefined;
  const isList = Array.isArray(value);
  const inside: readonly unknown[] = isList ? value : Object.values(value);
  let count = isList ? 0 : inside.length;
  for (let at = 0; at < inside.length; at++) {
    const it = inside[at];
    if (typeof it !== 'object' || it === null) continue;
    const members = freeze(it, levels - 1);
    if (members === undefined) return undefined;
    count += members;
  }
  Object.freeze(value);
  return count;
}

const COLON = 0x3a;
const SPACE = 0x20;

/**
 * The number of members that a text writes, which is known to be JSON: of those that come twice both. A member is a text
 * with a colon behind it; what is in texts is passed over.
 */
function membersWritten(text: string): number {
  const endOf = text.includes('\\') ? endOfEscaped : endOfPlain;
  let count = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at)) {
    at = endOf(text, at);
    while (text.charCodeAt(at) <= SPACE) at += 1; // in JSON blanks are all that is up to there
    if (text.charCodeAt(at) === COLON) count += 1;
  }
  return count;
}

/** What is behind a text that begins here, in JSON without a backslash. */
function endOfPlain(text: string, start: number): number {
  return text.indexOf('"', start + 1) + 1;
}

/** What is behind a text that begins here. */
function endOfEscaped(text: string, start: number): number {
  let at = start + 1;
  for (; text[at] !== '"'; at++) if (text[at] === '\\') at += 1;
  return at + 1;
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

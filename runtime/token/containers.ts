import { createRequire } from 'node:module';
import { LRUCache } from 'lru-cache';
import type { RE2JS } from 're2js';
import { fail } from '../errors.ts';

const MAX_PATTERN_LENGTH = 256;
/** Callers take `.` and `..` out of a path. @see RFC 3986 section 5.2.4 */
const NAME = /^(?!\.{1,2}$)[\w.~!$+=:@-]+$/;

/** Reading a pattern costs more than using it. What cannot be read is remembered as its reason. */
const patterns = new LRUCache<string, RE2JS | { readonly reason: string }>({ max: 200 });

/**
 * Says whether a token may be used in a container.
 *
 * @param ten - the claim: a name, names with commas between, or a regular expression between slashes, found anywhere in
 *   the name unless it is anchored; without it a token is good for every container
 * @throws TOKEN_CONTAINER_PATTERN where it is a regular expression that cannot be used
 * @see protocol reference 5.2
 */
export function coversContainer(ten: string | undefined, container: string): boolean {
  if (ten === undefined) return true;
  if (isContainerPattern(ten)) {
    const pattern = patternOf(ten);
    if ('reason' in pattern) return fail('TOKEN_CONTAINER_PATTERN', { ten, reason: pattern.reason });
    return pattern.matcher(container).find();
  }
  return containersOf(ten).includes(container);
}

/**
 * Says whether a token is good for every container that another is good for.
 *
 * Of two patterns that is never so, unless they are the same: that one covers no more than another is nothing that can
 * be decided quickly.
 */
export function coversContainers(ten: string | undefined, other: string | undefined): boolean {
  if (ten === undefined || ten === other) return true;
  if (other === undefined || isContainerPattern(other)) return false;
  return containersOf(other).every((name) => coversContainer(ten, name));
}

/** The names in a `ten` claim that is no regular expression. */
export function containersOf(ten: string): string[] {
  return ten.split(',').map((name) => name.trim());
}

/** The one container that a `ten` claim names, if it names exactly one. */
export function singleContainer(ten: string | undefined): string | undefined {
  return ten === undefined || isContainerPattern(ten) || ten.includes(',') ? undefined : ten.trim();
}

/** Whether a `ten` claim is a regular expression. */
export function isContainerPattern(ten: string): boolean {
  return ten.length > 1 && ten.startsWith('/') && ten.endsWith('/');
}

/**
 * Checks a `ten` claim that is asked for, so that no token is issued that could be used nowhere.
 *
 * @throws TOKEN_CLAIM_PATTERN, TOKEN_CLAIM_TYPE
 */
export function checkContainers(ten: string): void {
  if (isContainerPattern(ten)) {
    const pattern = patternOf(ten);
    if ('reason' in pattern) fail('TOKEN_CLAIM_PATTERN', { claim: 'ten', reason: pattern.reason });
  } else if (!containersOf(ten).every((name) => NAME.test(name))) {
    fail('TOKEN_CLAIM_TYPE', { claim: 'ten', type: 'container name, comma list or regular expression' });
  }
}

/** RE2 takes time in proportion to the text, whatever the pattern; JavaScript's own takes as long as its author wants. */
function patternOf(ten: string): RE2JS | { readonly reason: string } {
  let pattern = patterns.get(ten);
  if (pattern === undefined) {
    pattern = readPattern(ten.slice(1, -1));
    patterns.set(ten, pattern);
  }
  return pattern;
}

function readPattern(source: string): RE2JS | { readonly reason: string } {
  if (source.length > MAX_PATTERN_LENGTH) return { reason: `it has more than ${MAX_PATTERN_LENGTH} characters` };
  // Loaded here: most tokens name their containers.
  const { RE2JS } = createRequire(import.meta.url)('re2js') as typeof import('re2js');
  try {
    return RE2JS.compile(source);
  } catch (error) {
    const why = error instanceof Error ? error.message.replace('error parsing regexp: ', '') : String(error);
    return { reason: `${why} (look-around and back-references cannot be used)` };
  }
}

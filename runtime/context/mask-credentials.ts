const MASK = '***';
const VALUE = '[^&#\\s"\'<>\\\\]+';

/**
 * What gives access, and text that leads to it. None starts in the middle of a run of its own characters, so that the
 * search stays linear whatever a webtask prints.
 */
const PATTERNS: readonly (readonly [pattern: RegExp, masked: string])[] = [
  // JWTs, and so webtask tokens
  [/(?<![\w-])eyJ[\w-]+\.[\w-]+\.[\w-]*/g, MASK],
  // ?key=…, ?webtask_…=…, and any token=…, also in a URL inside of another
  [new RegExp(`((?:[?&]|\\\\u0026|%26|%3f)(?:key|webtask_\\w+)(?:=|%3d))${VALUE}`, 'gi'), `$1${MASK}`],
  [new RegExp(`((?<![\\w-])[\\w-]*token(?:=|%3d))${VALUE}`, 'gi'), `$1${MASK}`],
  // Authorization: …, as a header and in objects
  [/(authorization[\\"']{0,2}\s*[:=]\s*[\\"']{0,2})(?:[\w-]+ +)?[^\s"',;\\]+/gi, `$1${MASK}`],
  [/\b(Bearer|Basic)( +)(?=[\w.~+/=-]*\d)[\w.~+/=-]{8,}/gi, `$1$2${MASK}`],
];

/**
 * Hides what gives access in text that is about to be shown: tokens, the values of `?key=`, `token=` and `webtask_*`
 * in URLs, and of `Authorization`.
 *
 * @example
 * maskCredentials('GET /api/logs/tenant/dev?key=eyJhbGciOi...'); // 'GET /api/logs/tenant/dev?key=***'
 */
export function maskCredentials(text: string): string {
  return PATTERNS.reduce((masked, [pattern, by]) => masked.replace(pattern, by), text);
}

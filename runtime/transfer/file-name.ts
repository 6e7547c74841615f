import { createHash } from 'node:crypto';

/** Names that Windows keeps to itself. */
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)$/;

/**
 * The name of the file for a webtask, without an extension: its own where that is the same on every platform, otherwise
 * as much of it as is, and a hash that keeps apart what differs in case or in characters.
 *
 * @example
 * fileNameOf('hello') // 'hello'
 * fileNameOf('a:b') // 'a-b-6783a31e'
 */
export function fileNameOf(name: string): string {
  if (/^[a-z0-9][a-z0-9_-]{0,59}$/.test(name) && !RESERVED.test(name)) return name;
  const readable = name
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, '-')
    .slice(0, 60)
    .replace(/^-|-$/g, '');
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return readable === '' ? hash : `${readable}-${hash}`;
}

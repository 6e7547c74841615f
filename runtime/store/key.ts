import { fail } from '../errors.ts';
import type { Key } from './store.ts';

/** What DynamoDB takes for a partition key and for a sort key, in bytes of UTF-8. */
const MAX_BYTES = { partition: 2048, sort: 1024 } as const;

/**
 * Refuses a key that DynamoDB does not take, or that would be stored under another spelling.
 *
 * @throws STORE_KEY_INVALID
 */
export function checkKey(key: Key): void {
  checkPart('partition', key.partition);
  checkPart('sort', key.sort);
}

/** @throws STORE_KEY_INVALID */
export function checkPartition(partition: string): void {
  checkPart('partition', partition);
}

function checkPart(part: 'partition' | 'sort', text: string): void {
  const name = part === 'sort' ? 'its sort key' : 'its partition';
  const bytes = Buffer.from(text);
  if (bytes.length === 0) fail('STORE_KEY_INVALID', { reason: `${name} is empty` });
  if (bytes.length > MAX_BYTES[part]) {
    const reason = `${name} has ${bytes.length} bytes, and ${MAX_BYTES[part]} fit`;
    fail('STORE_KEY_INVALID', { reason });
  }
  // Half a character becomes U+FFFD on the way, and two keys one.
  if (bytes.toString() !== text) fail('STORE_KEY_INVALID', { reason: `${name} is no valid Unicode` });
}

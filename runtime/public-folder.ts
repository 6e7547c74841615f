import { homedir } from 'node:os';
import { join } from 'node:path';

/** A folder that this user alone writes to and, where this user is root, others can read. */
export function publicFolder(): string {
  const isRoot = process.platform === 'linux' && process.getuid?.() === 0;
  return isRoot ? '/var/cache/webtask-kit' : join(homedir(), '.cache', 'webtask-kit');
}

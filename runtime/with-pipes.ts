import type { ChildProcess } from 'node:child_process';

/**
 * What `spawn` gave, where it has the pipes that were asked for.
 *
 * Where no more files can be opened it has none, whatever its type says, and tells so by an event a moment later: one
 * that nobody listens for ends the whole process.
 *
 * @throws an error in place of that event
 *
 * @example
 * const child = withPipes(spawn('sh', ['-c', 'cat'], { stdio: ['pipe', 'pipe', 'ignore'] }));
 */
export function withPipes<Child extends ChildProcess>(child: Child): Child {
  if (child.stdio !== undefined) return child;
  child.once('error', () => undefined);
  throw new Error('no more files can be opened');
}

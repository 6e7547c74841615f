import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readdirSync } from 'node:fs';
import type { Context } from 'mocha';

/** Calls while this process can open only so many more files; what is opened meanwhile is to be closed by the call. */
export function withFilesLeft<T>(count: number, call: () => T): T {
  const limit = (soft: string): void => {
    execFileSync('prlimit', ['--pid', `${process.pid}`, `--nofile=${soft}`]);
  };
  const most = Math.max(...openFiles().map(Number)) + 32;
  const before = execFileSync('prlimit', ['--pid', `${process.pid}`, '--nofile', '--noheadings', '--output=SOFT']);
  limit(`${most}:`);
  const fillers: number[] = [];
  try {
    for (;;) fillers.push(openSync('/dev/null', 'r'));
  } catch {
    for (const filler of fillers.splice(0, count)) closeSync(filler);
    return call();
  } finally {
    for (const filler of fillers) closeSync(filler);
    limit(`${String(before).trim()}:`);
  }
}

/** The descriptors that this process has open. */
export function openFiles(): string[] {
  return readdirSync('/proc/self/fd');
}

/** Elsewhere than on Linux a process cannot be told how many files it may open, nor asked which are open. */
export function skipUnlessFilesAreCounted(test: Context): void {
  if (process.platform === 'linux') return;
  console.log('      skipped: open files are counted on Linux only');
  test.skip();
}

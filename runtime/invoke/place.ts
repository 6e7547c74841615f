import { findSourceMap } from 'node:module';
import { relative } from 'node:path';
import type { CompiledWebtask } from '../compile/index.ts';

/**
 * Says where the function of a webtask begins, as `file:line`, in the author's own lines.
 */
export function functionPlace(webtask: CompiledWebtask): string {
  const file = shortPath(webtask.file);
  const start = webtask.code.indexOf((webtask.written ?? webtask.run).toString());
  if (start === -1) return file; // made by other code, such as an adapter
  const before = webtask.code.slice(0, start).split('\n');
  const line = before.length;
  const entry = findSourceMap(webtask.file)?.findEntry(line - 1, before.at(-1)?.length ?? 0);
  return `${file}:${entry && 'originalLine' in entry ? entry.originalLine + 1 : line}`;
}

/**
 * Says which line of a webtask is running now, as `file:line`.
 */
export function runningPlace(webtask: CompiledWebtask): string {
  const frame = new Error().stack?.split('\n').find((line) => line.includes(webtask.file));
  const line = frame?.slice(frame.indexOf(webtask.file) + webtask.file.length).match(/^:(\d+)/)?.[1];
  return line === undefined ? functionPlace(webtask) : `${shortPath(webtask.file)}:${line}`;
}

function shortPath(file: string): string {
  const path = relative(process.cwd(), file);
  return (path.startsWith('..') ? file : path).replaceAll('\\', '/');
}

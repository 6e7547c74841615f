import { readSync, writeSync } from 'node:fs';
import { sep } from 'node:path';
import { loadOwnModules } from '../compile/own-modules.ts';
import { LENGTH_BYTES, MODULES_DESCRIPTOR } from './modules-descriptor.ts';

/**
 * Has the modules of a project, which webtasks require, translated by the server. `require` gives a module at once, and
 * so this process waits for each.
 */
export function serveOwnModules(): void {
  process.setSourceMapsEnabled(true);
  loadOwnModules((file) => !file.includes(`${sep}node_modules${sep}`), askForCommonJS);
}

function askForCommonJS(code: string, file: string): string {
  const question = Buffer.from(JSON.stringify({ code, file }));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(question.length);
  writeAll(Buffer.concat([length, question]));
  const answer = read(read(LENGTH_BYTES).readUInt32BE());
  const { translated, error } = JSON.parse(answer.toString()) as { translated?: string; error?: string };
  if (translated === undefined) throw new SyntaxError(error);
  return translated;
}

function writeAll(bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(MODULES_DESCRIPTOR, bytes, at);
}

function read(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; ) {
    const count = readSync(MODULES_DESCRIPTOR, bytes, at, length - at, null);
    if (count === 0) throw new Error('The server has gone.');
    at += count;
  }
  return bytes;
}

#!/usr/bin/env node
/** The program `webtask` as it is published. It is CommonJS, which Node starts sooner than a module. */
import { join } from 'node:path';
import { requireKept } from '../runtime/compile/require-kept.ts';
import { publicFolder } from '../runtime/public-folder.ts';
import type * as Program from './webtask.ts';

/** The name of the file with all else. */
declare const PROGRAM: string;

const file = join(__dirname, PROGRAM);
const command = /^[a-z]{1,20}$/.exec(process.argv[2] ?? '')?.[0] ?? '';
const { start } = requireKept(file, command, compiledFolder()) as typeof Program;
start(); // which says all that goes wrong

function compiledFolder(): string | undefined {
  try {
    return join(publicFolder(), 'compiled');
  } catch {
    return undefined; // a user without a home
  }
}

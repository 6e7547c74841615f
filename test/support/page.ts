import { execFile, spawn } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { programOf } from './program.ts';

const KIT = fileURLToPath(new URL('../../', import.meta.url));

/** A fenced block of a page. */
export interface Block {
  readonly language: string;
  readonly text: string;
}

/**
 * Reads the fenced blocks of a page of this repository.
 *
 * @param port - stands in for the 8721 of the page
 */
export async function readBlocks(page: string, port: number): Promise<Block[]> {
  const text = (await readFile(join(KIT, page), 'utf8')).replaceAll('8721', String(port));
  return [...text.matchAll(/```(\w+)\n([\s\S]*?)```/g)].map(([, language = '', text = '']) => ({ language, text }));
}

/** The words that start a program of the kit, for a shell. */
export function inShell(program: string): string {
  return [process.execPath, ...programOf(program)].map((part) => `"${part}"`).join(' ');
}

/** Writes a program that a shell finds where `bin` is on its path. */
export async function writeProgram(bin: string, name: string, script: string): Promise<void> {
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
  await chmod(join(bin, name), 0o755);
}

/** Carries out commands in a shell, which stops at the first that fails. Gives what they printed. */
export async function carryOut(script: string, options: { cwd: string; env: Record<string, string> }): Promise<string> {
  try {
    return (await promisify(execFile)('sh', ['-c', `set -e\n${script}`], options)).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string }; // of execFile
    throw new Error(`${script}\n${stdout}${stderr}`);
  }
}

/** Starts a command that ends only when it is told to. */
export function startCommand(command: string, options: { cwd: string; env: Record<string, string> }) {
  return spawn('sh', ['-c', `exec ${command}`], { ...options, stdio: 'pipe' });
}

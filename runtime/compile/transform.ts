import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { text } from 'node:stream/consumers';
import type { TransformFailure, TransformOptions, TransformResult } from 'esbuild';
import { fail } from '../errors.ts';
import { withPipes } from '../with-pipes.ts';

/** Milliseconds after which esbuild is taken to come to no end. */
const LIMIT_MS = 10_000;
/** That wait for a process of their own: more are only there where somebody wants it so. */
const MAX_WAITING = 20;

/** Which process of esbuild it is: of those that fail with one, the first one stops it. */
let generation = 0;
let waiting = 0;
let last: Promise<unknown> = Promise.resolve();

/**
 * Has esbuild transform code, whoever wrote it.
 *
 * All code goes through one process of esbuild, which code can end that is nested deep enough, and which does not start
 * again by itself. So it is started again; what was in it is tried once more, each in a process of its own.
 *
 * @param limitMs - for tests
 * @throws TransformFailure, COMPILE_FAILED
 */
export async function transformCode(
  code: string,
  options: TransformOptions,
  limitMs = LIMIT_MS,
): Promise<Pick<TransformResult, 'code'>> {
  const { transform, stop } = await import('esbuild');
  const its = generation;
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, limitMs, undefined);
  });
  const done = transform(code, options).catch((error: unknown) => {
    if (isFailure(error)) throw error;
    return undefined; // its process has ended
  });
  const result = await Promise.race([done, tooLate]).finally(() => clearTimeout(timer));
  if (result) return result;
  if (its === generation) {
    generation += 1;
    await stop();
  }
  return inTurn(() => transformApart(code, options, limitMs));
}

/** One at a time: each may take all the memory that esbuild can have. */
async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (waiting >= MAX_WAITING) return fail('COMPILE_FAILED', { reason: 'too much code is being translated' });
  waiting += 1;
  const done = last.then(work);
  last = done.catch(() => undefined);
  return done.finally(() => {
    waiting -= 1;
  });
}

/** Runs in the process, as text. */
const PROGRAM = `
const { transform } = require(process.argv[1]);
let text = '';
process.stdin.setEncoding('utf8').on('data', (chunk) => { text += chunk; }).on('end', async () => {
  const { code, options } = JSON.parse(text);
  const said = await transform(code, options).then(({ code }) => ({ code }), ({ errors }) => ({ errors }));
  process.stdout.write(JSON.stringify(said), () => process.exit());
});`;

async function transformApart(code: string, options: TransformOptions, limitMs: number): Promise<{ code: string }> {
  const esbuild = createRequire(import.meta.url).resolve('esbuild');
  const child = withPipes(
    spawn(process.execPath, ['-e', PROGRAM, esbuild], {
      env: {},
      detached: true, // with the process that it starts
      stdio: ['pipe', 'pipe', 'ignore'],
    }),
  );
  const end = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  };
  child.on('error', () => undefined).on('exit', end);
  const timer = setTimeout(end, limitMs);
  child.stdin.on('error', () => undefined).end(JSON.stringify({ code, options }));
  const said = await text(child.stdout).finally(() => clearTimeout(timer));
  const result = said === '' ? {} : (JSON.parse(said) as { code?: string; errors?: TransformFailure['errors'] }); // as above
  if (result.code !== undefined) return { code: result.code };
  if (result.errors) throw Object.assign(new Error('esbuild refuses it'), { errors: result.errors });
  return fail('COMPILE_FAILED', { reason: 'it is nested too deep, or too large, to be translated' });
}

/** Whether esbuild says what is wrong with the code. */
function isFailure(error: unknown): error is TransformFailure {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors);
}

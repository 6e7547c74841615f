import { resolve } from 'node:path';
import { type CompiledWebtask, compileWebtask, type ModuleWebtask } from '../../compile/index.ts';
import { WebtaskError } from '../../errors.ts';
import { createError, type RuntimeError } from './error.ts';
import type { AnyWebtask, CompileOptions } from './options.ts';

/** Receives a webtask function, or the error with `code` 400 that says why there is none. */
export type CompileCallback = (error: RuntimeError | null, webtask?: AnyWebtask) => void;

const DIRECTIVES = /^(?:\s*(["'])use\s+(?:latest|npm)\1\s*?(?:;|\n))*/;

/**
 * Compiles the code of a webtask into its function.
 *
 * The directive `"use latest"` is understood and does nothing: what it stood for, every webtask may use.
 *
 * @param code - CommonJS, an ES module, or TypeScript where `filename` says so
 * @see protocol reference 2.1 to 2.4
 *
 * @example
 * compile('module.exports = (context, callback) => callback(null, 1)', (error, webtask) => {
 *   assert.equal(webtask.length, 2);
 * });
 */
export function compile(code: string, callback: CompileCallback): void;
export function compile(code: string, options: CompileOptions | undefined, callback: CompileCallback): void;
export function compile(
  code: string,
  ...rest: [CompileCallback] | [CompileOptions | undefined, CompileCallback]
): void {
  const [options, callback] = rest.length === 1 ? [{}, rest[0]] : [rest[0] ?? {}, rest[1]];
  // Called from outside of the promise, so that what a test throws in it is an error of the test.
  compileCode(code, options).then(
    ({ run }) => process.nextTick(callback, null, run),
    (error) => process.nextTick(callback, error),
  );
}

/**
 * Compiles code with the options of {@link compile}.
 *
 * @throws a {@link RuntimeError}
 */
export async function compileCode(code: string, options: CompileOptions): Promise<CompiledWebtask> {
  const file = resolve(options.dirname ?? '', options.filename ?? 'webtask.js');
  const directives = DIRECTIVES.exec(code)?.[0] ?? '';
  const given: ModuleWebtask = { secrets: {}, meta: {}, params: {}, storage: undefined, ...options.webtaskApi };
  try {
    const source = directives.includes('npm') ? await installMissing(code, file, options) : code;
    return await compileWebtask({ code: source, file, modulePaths: options.extraModulePaths }, given);
  } catch (error) {
    throw error instanceof WebtaskError ? inWordsOfTheOriginal(error) : error;
  }
}

/** Loads what reads the directive only where it stands. */
async function installMissing(...args: [code: string, file: string, options: CompileOptions]): Promise<string> {
  return (await import('./use-npm.ts')).installMissing(...args);
}

function inWordsOfTheOriginal(error: WebtaskError): RuntimeError {
  switch (error.code) {
    case 'COMPILE_NOT_A_FUNCTION':
      return refusal('Supplied code must return or export a function.', error);
    case 'COMPILE_SIGNATURE':
      return refusal(
        'The JavaScript function must have one of the following signatures: ([ctx], callback) or (ctx, req, res).',
        error,
      );
    default: {
      const source = thrownBy(error);
      return createError(400, `Unable to compile submitted JavaScript: ${String(source)}`, source);
    }
  }
}

function refusal(reason: string, cause: WebtaskError): RuntimeError {
  const message = `Unable to compile submitted JavaScript. Error: ${reason}`;
  return Object.assign(new Error(message, { cause }), { code: 400, details: message });
}

/** What the code threw while it loaded, or an error that says what kept it from loading. */
function thrownBy(error: WebtaskError): unknown {
  const { code, cause } = error;
  const isOfEsbuild = cause instanceof Error && 'errors' in cause && 'warnings' in cause;
  if (code === 'COMPILE_FAILED' && !isOfEsbuild) return cause;
  const reason = error.message.replace(/^Compilation failed: /, '');
  return isOfEsbuild ? new SyntaxError(reason) : new Error(reason);
}

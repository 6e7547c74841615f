import { extname } from 'node:path';
import { fail, WebtaskError } from '../errors.ts';
import { loadModule, type ModuleWebtask } from './load.ts';
import { type Language, translate } from './translate.ts';

/** The text of a webtask and where it is from. */
export interface WebtaskSource {
  readonly code: string;
  /** Absolute path under which it is compiled: named in stack traces, and where `require` resolves from. */
  readonly file: string;
  /** By default TypeScript where the file's name, or metadata `wt-language`, says so. */
  readonly language?: Language | undefined;
  /** Folders of packages that are searched after those of `file`. */
  readonly modulePaths?: readonly string[] | undefined;
}

/** How a webtask function wants to be called. */
export type ProgrammingModel =
  /** `(callback)` */
  | 'callback'
  /** `(context, callback)` */
  | 'context'
  /** `(context, req, res)` */
  | 'http'
  /** `{ fetch(request, context) }` */
  | 'fetch';

/** A webtask that is ready to be called. */
export interface CompiledWebtask {
  // The platform calls functions of any parameters; the model says which.
  // biome-ignore lint/complexity/noBannedTypes: what a webtask exports is any function
  readonly run: Function;
  readonly model: ProgrammingModel;
  readonly file: string;
  /** The code as it was compiled, with its source map where it was rewritten. */
  readonly code: string;
}

/**
 * Compiles the text of a webtask into a function.
 *
 * @param source - text and path of the webtask
 * @param given - what the code finds in `module.webtask` while it loads
 * @throws COMPILE_FAILED (syntax error, missing module, a throw at load), COMPILE_RETURN_IN_MODULE,
 *   COMPILE_NOT_A_FUNCTION, COMPILE_SIGNATURE, MODULE_VERSION_MISSING
 * @see protocol reference 2.1 to 2.5
 *
 * @example
 * const hello = await compileWebtask(
 *   { code: 'return cb => cb(null, "Hello");', file: '/app/hello.js' },
 *   { secrets: {}, meta: {}, params: {}, storage: undefined },
 * );
 */
export async function compileWebtask(source: WebtaskSource, given: ModuleWebtask): Promise<CompiledWebtask> {
  const { code, rewritten } = await translate(source.code, source.file, languageOf(source, given.meta));
  // Node keeps the source maps only of code that it compiles after this.
  if (rewritten) process.setSourceMapsEnabled(true);
  // Files beside it may be TypeScript too.
  if (rewritten && /\brequire\(["']\.{1,2}\//.test(code)) await import('./register.js');
  return { ...callable(load(code, source, given)), file: source.file, code };
}

/** The language of a webtask: as the caller says, or by its file's name, or by metadata `wt-language`. */
export function languageOf(source: WebtaskSource, meta: Readonly<Record<string, string>>): Language {
  if (source.language !== undefined) return source.language;
  const typed = ['.ts', '.cts', '.mts'].includes(extname(source.file)) || meta['wt-language'] === 'typescript';
  return typed ? 'typescript' : 'javascript';
}

function load(code: string, { file, modulePaths }: WebtaskSource, given: ModuleWebtask): unknown {
  try {
    return loadModule(code, file, given, modulePaths);
  } catch (error) {
    if (error instanceof WebtaskError) throw error;
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    // The first line only: behind it Node lists the files that led to a missing module.
    fail('COMPILE_FAILED', { reason: message.split('\n', 1)[0] ?? '', stack }, { cause: error });
  }
}

function callable(exported: unknown): Pick<CompiledWebtask, 'run' | 'model'> {
  const value = isDefaultExport(exported) ? exported.default : exported;
  if (typeof value === 'function') return { run: value, model: modelOf(value.length) };
  if (isObject(value) && typeof value.fetch === 'function') return { run: value.fetch.bind(value), model: 'fetch' };
  return fail('COMPILE_NOT_A_FUNCTION', { exported: describe(value) });
}

function modelOf(length: number): ProgrammingModel {
  const model = ([undefined, 'callback', 'context', 'http'] as const)[length];
  return model ?? fail('COMPILE_SIGNATURE', { length });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isDefaultExport(value: unknown): value is { default: unknown } {
  return isObject(value) && value.__esModule === true && 'default' in value;
}

function describe(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (!isObject(value)) return `a ${typeof value}`;
  if (Array.isArray(value)) return 'an array';
  const names = Object.keys(value);
  return names.length === 0 ? 'an object without members' : `an object with ${names.join(', ')}`;
}

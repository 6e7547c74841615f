import { fail } from '../errors.ts';
import { compileNode, type WebtaskSource } from './compile-node.ts';
import { describeExport, isObject } from './describe-export.ts';
import type { ModuleWebtask } from './load.ts';

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
  /** The function as its author wrote it, where {@link run} is made from it. */
  // biome-ignore lint/complexity/noBannedTypes: as above
  readonly written?: Function;
  readonly model: ProgrammingModel;
  readonly file: string;
  /** The code as it was compiled, with its source map where it was rewritten. */
  readonly code: string;
}

/**
 * Compiles the text of a webtask into a function, or has the compiler do it that metadata `wt-compiler` names.
 *
 * @param source - text and path of the webtask
 * @param given - what the code finds in `module.webtask` while it loads
 * @throws COMPILE_FAILED (syntax error, missing module, a throw at load), COMPILE_RETURN_IN_MODULE,
 *   COMPILE_NOT_A_FUNCTION, COMPILE_SIGNATURE, COMPILE_DEPENDENCIES, MODULE_VERSION_MISSING, COMPILER_INVALID,
 *   COMPILER_URL_REFUSED, COMPILER_SILENT
 * @see protocol reference 2.1 to 2.7
 *
 * @example
 * const hello = await compileWebtask(
 *   { code: 'return cb => cb(null, "Hello");', file: '/app/hello.js' },
 *   { secrets: {}, meta: {}, params: {}, storage: undefined },
 * );
 */
export async function compileWebtask(source: WebtaskSource, given: ModuleWebtask): Promise<CompiledWebtask> {
  const { exported, code } = given.meta['wt-compiler']
    ? { exported: await (await import('./custom.ts')).compileCustom(source, given), code: source.code }
    : await compileNode(source, given);
  return { ...callable(exported), file: source.file, code };
}

function callable(value: unknown): Pick<CompiledWebtask, 'run' | 'written' | 'model'> {
  if (typeof value === 'function') return { run: value, model: modelOf(value.length) };
  if (isObject(value) && typeof value.fetch === 'function') {
    return { run: value.fetch.bind(value), written: value.fetch, model: 'fetch' };
  }
  return fail('COMPILE_NOT_A_FUNCTION', { exported: describeExport(value) });
}

function modelOf(length: number): ProgrammingModel {
  const model = ([undefined, 'callback', 'context', 'http'] as const)[length];
  return model ?? fail('COMPILE_SIGNATURE', { length });
}

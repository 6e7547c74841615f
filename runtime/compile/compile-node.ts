import { extname } from 'node:path';
import { fail, WebtaskError } from '../errors.ts';
import { loadModule, type ModuleWebtask } from './load.ts';
import type { transformCode } from './transform.ts';
import { type Language, type Translated, translate } from './translate.ts';

/** The text of a webtask and where it is from. */
export interface WebtaskSource {
  readonly code: string;
  /** Absolute path under which it is compiled: named in stack traces, and where `require` resolves from. */
  readonly file: string;
  /** By default TypeScript where the file's name, or metadata `wt-language`, says so. */
  readonly language?: Language | undefined;
  /** Folders of packages that are searched after those of `file`. */
  readonly modulePaths?: readonly string[] | undefined;
  /** Does the work of {@link translate}, where that is done elsewhere. */
  readonly translate?: ((code: string, file: string, language: Language) => Promise<Translated>) | undefined;
  /** Has esbuild transform it where that is done here, or knows what it made; by default it does so each time. */
  readonly transform?: typeof transformCode | undefined;
  /** Fetches compilers and middleware that metadata names by URL. Without it, they are refused. */
  readonly fetchText?: ((url: string) => Promise<string>) | undefined;
}

/** As bundles end. */
const INLINE_MAP = /\n\/\/# sourceMappingURL=data:application\/json;base64,[\w+/=]+\s*$/;

/** What code exported, and the code as it ran. */
export interface LoadedExport {
  readonly exported: unknown;
  /** With its source map where it was rewritten. */
  readonly code: string;
}

/**
 * Runs JavaScript or TypeScript and gives what it exports, whatever that is.
 *
 * @throws COMPILE_FAILED, COMPILE_RETURN_IN_MODULE, COMPILE_DEPENDENCIES, MODULE_VERSION_MISSING
 */
export async function compileNode(source: WebtaskSource, given: ModuleWebtask): Promise<LoadedExport> {
  const language = languageOf(source, given.meta);
  const { code, rewritten } = source.translate
    ? await source.translate(source.code, source.file, language)
    : await translate(source.code, source.file, language, undefined, source.transform);
  // Node keeps the source maps only of code that it compiles after this.
  if (rewritten || INLINE_MAP.test(code)) process.setSourceMapsEnabled(true);
  // Files beside it may be TypeScript too; where it is translated elsewhere there are none.
  if (rewritten && source.translate === undefined && /\brequire\(["']\.{1,2}\//.test(code))
    await import('./register.js');
  try {
    const exported = loadModule(code, source.file, given, source.modulePaths);
    return { exported: isDefaultExport(exported) ? exported.default : exported, code };
  } catch (error) {
    return refuse(error, placeIn(source.file, error));
  }
}

/** The line of a file that an error came from, as `file:line`, where its stack says so. */
function placeIn(file: string, error: unknown): string | undefined {
  const { stack = '' } = error instanceof Error ? error : {};
  const at = stack.indexOf(`${file}:`);
  return at === -1 ? undefined : /^.*?:\d+/s.exec(stack.slice(at))?.[0];
}

/** The language of a webtask: as the caller says, or by its file's name, or by metadata `wt-language`. */
export function languageOf(source: WebtaskSource, meta: Readonly<Record<string, string>>): Language {
  if (source.language !== undefined) return source.language;
  const typed = ['.ts', '.cts', '.mts'].includes(extname(source.file)) || meta['wt-language'] === 'typescript';
  return typed ? 'typescript' : 'javascript';
}

/**
 * Refuses a webtask for what code threw while it was compiled.
 *
 * @param thrownAt - the line that it was thrown in, which is not in its message
 * @throws COMPILE_FAILED, or the error itself where it is one of ours
 */
export function refuse(error: unknown, thrownAt?: string): never {
  if (error instanceof WebtaskError) throw error;
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  // The first line only: behind it Node lists the files that led to a missing module.
  fail('COMPILE_FAILED', { reason: message.split('\n', 1)[0] ?? '', stack, thrownAt }, { cause: error });
}

function isDefaultExport(value: unknown): value is { default: unknown } {
  return (
    typeof value === 'object' &&
    value !== null &&
    '__esModule' in value &&
    value.__esModule === true &&
    'default' in value
  );
}

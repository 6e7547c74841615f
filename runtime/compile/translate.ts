import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compileFunction } from 'node:vm';
import type { Message, TransformFailure } from 'esbuild';
import { fail } from '../errors.ts';
import type { transformCode } from './transform.ts';

/** The language of a webtask's source text. */
export type Language = 'javascript' | 'typescript';

/** Code that Node compiles as the body of a CommonJS module. */
export interface Translated {
  readonly code: string;
  /** Whether esbuild rewrote it, so that it carries a source map. */
  readonly rewritten: boolean;
}

const MODULE_PARAMETERS = ['exports', 'require', 'module', '__filename', '__dirname'];

/**
 * Turns the source of a webtask into CommonJS that the running Node understands.
 *
 * Code that Node already understands as CommonJS is left as it is to the letter, because esbuild drops comments and
 * webtasks read their own text with `toString()`. ES modules, TypeScript and newer syntax go through esbuild.
 *
 * @param code - source text
 * @param file - absolute path under which it is compiled
 * @param target - what has to understand it, as esbuild says it; by default the running Node
 * @param transform - has esbuild transform it, or knows what it made
 * @throws COMPILE_RETURN_IN_MODULE, COMPILE_FAILED
 * @see protocol reference 2.1, 2.4
 */
export async function translate(
  code: string,
  file: string,
  language: Language,
  target = `node${process.versions.node}`,
  transform?: typeof transformCode,
): Promise<Translated> {
  const source = code.startsWith('\uFEFF') ? code.slice(1) : code;
  if (language === 'javascript' && isCommonJS(source)) return { code: source, rewritten: false };
  return rewrite(source, file, language, target, transform);
}

/**
 * Has esbuild make CommonJS of code, whatever it is: the part of {@link translate} that takes no time of this process.
 *
 * @throws COMPILE_RETURN_IN_MODULE, COMPILE_FAILED
 */
export async function rewrite(
  source: string,
  file: string,
  language: Language,
  target = `node${process.versions.node}`,
  transform?: typeof transformCode,
): Promise<Translated> {
  const run = transform ?? (await import('./transform.ts')).transformCode; // most code goes without
  try {
    const result = await run(source, {
      loader: language === 'typescript' ? 'ts' : 'js',
      format: 'cjs',
      platform: 'node',
      target,
      // Relative to the compiled file, which is the author's own file: the two share their path.
      sourcefile: basename(file),
      sourcemap: 'inline',
      sourcesContent: false,
      define: {
        'import.meta.url': JSON.stringify(pathToFileURL(file).href),
        'import.meta.filename': '__filename',
        'import.meta.dirname': '__dirname',
      },
      logLevel: 'silent',
    });
    return { code: result.code, rewritten: true };
  } catch (error) {
    const first = (error as TransformFailure).errors?.[0]; // esbuild rejects with this type, and documents it
    if (first === undefined) throw error;
    return refuse(first, file, error);
  }
}

/** Whether Node understands code as CommonJS, as it is. */
export function isCommonJS(code: string): boolean {
  try {
    compileFunction(code, MODULE_PARAMETERS);
    return true;
  } catch {
    return false;
  }
}

function refuse(message: Message, file: string, cause: unknown): never {
  const place = `${file}:${message.location?.line ?? 1}`;
  if (message.text.startsWith('Top-level return')) fail('COMPILE_RETURN_IN_MODULE', { place }, { cause });
  fail(
    'COMPILE_FAILED',
    { reason: `${message.text} (${place})`, stack: `SyntaxError: ${message.text}\n    at ${place}` },
    { cause },
  );
}

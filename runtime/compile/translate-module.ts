import { extname } from 'node:path';
import type { TransformFailure, TransformOptions } from 'esbuild';
import { typeScriptOptions } from './loader.js';

/** Turns the text of a module into CommonJS: an ES module or TypeScript. */
export interface ModuleTranslator {
  /** @throws SyntaxError */
  now(code: string, file: string): string;
  /** As `now`, by the one process that esbuild keeps for it. */
  soon(code: string, file: string): Promise<string>;
}

/** Loads esbuild. */
export async function openModuleTranslator(): Promise<ModuleTranslator> {
  const { transform, transformSync } = await import('esbuild');
  return {
    now(code, file) {
      try {
        return transformSync(code, optionsFor(file)).code;
      } catch (error) {
        return refuse(error, file);
      }
    },
    async soon(code, file) {
      try {
        return (await transform(code, optionsFor(file))).code;
      } catch (error) {
        return refuse(error, file);
      }
    },
  };
}

function optionsFor(file: string): TransformOptions {
  const loader = /^\.[cm]?ts$/.test(extname(file)) ? 'ts' : 'js';
  return { ...typeScriptOptions(file, 'commonjs'), loader, logLevel: 'silent' };
}

function refuse(error: unknown, file: string): never {
  const [first] = (error as Partial<TransformFailure>).errors ?? []; // esbuild's own errors have them
  if (first === undefined) throw error;
  throw new SyntaxError(`${first.text} (${file}:${first.location?.line ?? 1})`, { cause: error });
}

import { basename, extname, join } from 'node:path';
import { LRUCache } from 'lru-cache';
import type { LoadedCode } from '../code/index.ts';
import { type CompiledWebtask, languageOf, type ModuleWebtask, type WebtaskSource } from '../compile/index.ts';
import type { WebtaskStorage } from '../context/index.ts';
import { loadWebtask, type OutputLevel } from '../invoke/index.ts';
import type { Modules } from '../modules/index.ts';
import type { Authorization } from './authorize.ts';

const REMEMBERED = 500;
/** Characters of code: a few are much larger than most. */
const REMEMBERED_LENGTH = 128 * 1024 * 1024;

/** What is compiled for whom. */
export interface CompileRequest {
  readonly code: LoadedCode;
  /** Where the code is from; in the request where there is none. */
  readonly url: string | undefined;
  readonly authorization: Authorization;
  readonly storage: WebtaskStorage;
  readonly container: string;
  readonly name: string | undefined;
  readonly meta: Readonly<Record<string, string>>;
  /** Compiles although it was compiled before. */
  readonly fresh: boolean;
  /** Is told when it was not compiled before. */
  readonly onCompile: () => void;
  /** Receives what the code prints while it loads. */
  readonly onMessage: (text: string, level: OutputLevel) => void;
}

/** Compiles webtasks, and remembers them. */
export interface Compiler {
  compile(request: CompileRequest): Promise<CompiledWebtask>;
  /** Has the modules provided that code will need, and does not wait for them: what is missing is said when it runs. */
  prepare(code: string, meta: Readonly<Record<string, string>>): void;
  /**
   * Forgets what was compiled of a container, or of one name in it.
   *
   * @returns how many were forgotten
   */
  forget(container: string, name?: string): number;
}

/** What compiling works with. */
export interface CompilerParts {
  /** Absolute path; modules are resolved from here. */
  readonly folder: string;
  /** Provides the packages that are not there. */
  readonly modules: Modules;
  /** Fetches compilers and middleware. */
  readonly fetchText: (url: string) => Promise<string>;
  /** Is told where the code of what is forgotten came from. */
  readonly forgetUrl: (url: string) => void;
}

interface Remembered {
  readonly container: string;
  readonly name: string | undefined;
  readonly url: string | undefined;
  readonly length: number;
  readonly compiling: Promise<CompiledWebtask>;
}

/**
 * Makes a compiler that compiles each version of a webtask once for each token, since code may read its secrets while
 * it loads.
 */
export function createCompiler({ folder, modules, fetchText, forgetUrl }: CompilerParts): Compiler {
  const compiled = new LRUCache<string, Remembered>({
    max: REMEMBERED,
    maxSize: REMEMBERED_LENGTH,
    sizeCalculation: ({ length }) => length + 1,
  });

  const findModules = (source: WebtaskSource, meta: Readonly<Record<string, string>>): Promise<string[]> =>
    modules.foldersFor({ ...source, language: languageOf(source, meta), meta });

  async function compileNow(
    source: WebtaskSource,
    given: ModuleWebtask,
    onMessage: CompileRequest['onMessage'],
  ): Promise<CompiledWebtask> {
    const modulePaths = await findModules(source, given.meta);
    return loadWebtask({ ...source, modulePaths, fetchText }, given, {
      onMessage,
      onThrow: (sentence) => onMessage(sentence, 50),
    });
  }

  return {
    compile({ code, url, authorization, storage, container, name, meta, fresh, onCompile, onMessage }) {
      const { token, claims, secrets } = authorization;
      const key = JSON.stringify([container, name, code.sha256, fileName(url), token, meta]);
      const known = fresh ? undefined : compiled.get(key);
      if (known) return known.compiling;
      onCompile();
      // A folder for each version, which need not exist: two versions must not share a path in stack traces.
      const file = join(folder, '.webtask', 'code', code.sha256.slice(0, 32), fileName(url));
      const given = { secrets, meta, params: claims.pctx ?? {}, storage };
      const compiling = compileNow({ code: code.text, file }, given, onMessage);
      const remembered = { container, name, url: claims.url, length: code.text.length, compiling };
      compiled.set(key, remembered);
      // A failure is not remembered: what is missing may be installed meanwhile.
      compiling.catch(() => compiled.peek(key) === remembered && compiled.delete(key));
      return compiling;
    },
    prepare(code, meta) {
      findModules({ code, file: join(folder, 'webtask.js') }, meta).catch(() => undefined);
    },
    forget(container, name) {
      let forgotten = 0;
      for (const [key, it] of [...compiled.entries()]) {
        if (it.container !== container || (name !== undefined && it.name !== name)) continue;
        compiled.delete(key);
        if (it.url !== undefined) forgetUrl(it.url);
        forgotten += 1;
      }
      return forgotten;
    },
  };
}

function fileName(url: string | undefined): string {
  const name = url === undefined ? '' : basename(new URL(url).pathname);
  return /^[\w.-]+$/.test(name) && extname(name) !== '' ? name : 'webtask.js';
}

import { basename, extname, join } from 'node:path';
import { LRUCache } from 'lru-cache';
import type { LoadedCode } from '../code/index.ts';
import type { CompiledWebtask } from '../compile/index.ts';
import type { WebtaskStorage } from '../context/index.ts';
import { loadWebtask } from '../invoke/index.ts';
import type { Authorization } from './authorize.ts';

/** A version of a webtask, and whom it is compiled for. */
export interface Wanted {
  readonly code: LoadedCode;
  /** Where the code is from; in the request where there is none. */
  readonly url: string | undefined;
  readonly container: string;
  readonly authorization: Authorization;
  readonly storage: WebtaskStorage;
  /** Receives what the code prints while it loads. */
  readonly onLine: (line: string) => void;
}

const REMEMBERED = 500;

/**
 * Makes a compiler that compiles each version of a webtask once for each token and container, since code may read its
 * secrets, and its storage, while it loads.
 *
 * @param folder - absolute path; modules are resolved from here
 */
export function createCompiler(folder: string): (wanted: Wanted) => Promise<CompiledWebtask> {
  const compiled = new LRUCache<string, Promise<CompiledWebtask>>({ max: REMEMBERED });

  return ({ code, url, container, authorization, storage, onLine }) => {
    const { token, claims, secrets } = authorization;
    const name = fileName(url);
    const key = JSON.stringify([code.sha256, name, container, token]);
    let compiling = compiled.get(key);
    if (!compiling) {
      // A folder for each version, which need not exist: two versions must not share a path in stack traces.
      const file = join(folder, '.webtask', 'code', code.sha256.slice(0, 32), name);
      const given = { secrets, meta: claims.meta ?? {}, params: claims.pctx ?? {}, storage };
      compiling = loadWebtask({ code: code.text, file }, given, onLine);
      compiled.set(key, compiling);
      // A failure is not remembered: what is missing may be installed meanwhile.
      compiling.catch(() => compiled.delete(key));
    }
    return compiling;
  };
}

function fileName(url: string | undefined): string {
  const name = url === undefined ? '' : basename(new URL(url).pathname);
  return /^[\w.-]+$/.test(name) && extname(name) !== '' ? name : 'webtask.js';
}

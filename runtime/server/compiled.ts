import { basename, extname, join } from 'node:path';
import { LRUCache } from 'lru-cache';
import type { LoadedCode } from '../code/index.ts';
import { type CompiledWebtask, compileWebtask } from '../compile/index.ts';
import type { WebtaskStorage } from '../context/index.ts';
import type { Authorization } from './authorize.ts';

const REMEMBERED = 500;

/**
 * Makes a compiler that compiles each version of a webtask once for each token, since code may read its secrets while
 * it loads.
 *
 * @param folder - absolute path; modules are resolved from here
 */
export function createCompiler(
  folder: string,
): (code: LoadedCode, authorization: Authorization, storage: WebtaskStorage) => Promise<CompiledWebtask> {
  const compiled = new LRUCache<string, Promise<CompiledWebtask>>({ max: REMEMBERED });

  return (code, { token, claims, secrets }, storage) => {
    const key = `${code.sha256} ${token}`;
    let compiling = compiled.get(key);
    if (!compiling) {
      // A folder for each version, which need not exist: two versions must not share a path in stack traces.
      const file = join(folder, '.webtask', 'code', code.sha256.slice(0, 32), fileName(claims.url));
      const given = { secrets, meta: claims.meta ?? {}, params: claims.pctx ?? {}, storage };
      compiling = compileWebtask({ code: code.text, file }, given);
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

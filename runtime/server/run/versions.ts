import { basename, extname, join } from 'node:path';
import { LRUCache } from 'lru-cache';
import type { LoadedCode } from '../../code/index.ts';
import { languageOf, type WebtaskSource } from '../../compile/index.ts';
import type { Modules } from '../../modules/index.ts';
import type { Authorization } from '../tokens/authorize.ts';

const REMEMBERED = 500;
/** Characters of code: a few are much larger than most. */
const REMEMBERED_LENGTH = 128 * 1024 * 1024;

/** What is made ready to run, and for whom. */
export interface VersionRequest {
  readonly code: LoadedCode;
  /** Where the code is from; in the request where there is none. */
  readonly url: string | undefined;
  readonly authorization: Authorization;
  readonly container: string;
  readonly name: string | undefined;
  readonly meta: Readonly<Record<string, string>>;
  /** Whether the code may see its token. */
  readonly sharesToken: boolean;
  /** Makes it anew although it was made before. */
  readonly fresh: boolean;
}

/** What is remembered of each version of a webtask. */
export interface Versions<T> {
  /**
   * Gives what was made of a version before, or makes it.
   *
   * @param make - is given the source, and the folders of the packages that it needs
   */
  get(request: VersionRequest, make: (source: WebtaskSource) => Promise<T>): Promise<T>;
  /** Gives what was made of a version before, where it is there already. */
  known(request: VersionRequest): T | undefined;
  /** Has the modules provided that code will need, and does not wait for them: what is missing is said when it runs. */
  prepare(code: string, meta: Readonly<Record<string, string>>, container: string): void;
  /**
   * Forgets what was made of a container, or of one name in it.
   *
   * @returns how many were forgotten
   */
  forget(container: string, name?: string): number;
}

/** What making versions works with. */
export interface VersionParts<T> {
  /** Absolute path; modules are resolved from here. */
  readonly folder: string;
  /** Provides the packages that are not there. */
  readonly modules: Modules;
  /** Is told where the code of what is forgotten came from. */
  readonly forgetUrl: (url: string) => void;
  /** Is given what is not remembered any more. */
  readonly onForgotten?: ((made: T) => void) | undefined;
}

interface Remembered<T> {
  readonly container: string;
  readonly name: string | undefined;
  readonly url: string | undefined;
  readonly length: number;
  readonly making: Promise<T>;
  made?: T;
}

/**
 * Remembers what was made of each version of a webtask for each token, since code may read its secrets while it loads.
 */
export function createVersions<T>({ folder, modules, forgetUrl, onForgotten }: VersionParts<T>): Versions<T> {
  const versions = new LRUCache<string, Remembered<T>>({
    max: REMEMBERED,
    maxSize: REMEMBERED_LENGTH,
    sizeCalculation: ({ length }) => length + 1,
    dispose: ({ making }) => void making.then(onForgotten, () => undefined),
  });

  /** The container that has the most makes room, so that nobody's are lost because another has many. */
  function makeRoom(length: number): void {
    const isFull = (): boolean =>
      versions.size >= REMEMBERED || versions.calculatedSize + length + 1 > REMEMBERED_LENGTH;
    while (versions.size > 0 && isFull()) {
      const shares = new Map<string, number>();
      for (const it of versions.values()) {
        const share = 1 / REMEMBERED + it.length / REMEMBERED_LENGTH;
        shares.set(it.container, (shares.get(it.container) ?? 0) + share);
      }
      const [[most]] = [...shares].sort(([, a], [, b]) => b - a) as [[string, number]]; // there is one at least
      for (const key of versions.rkeys()) {
        if (versions.peek(key)?.container !== most) continue;
        versions.delete(key);
        break;
      }
    }
  }

  /** The key of the last version that each authorization asked for. */
  const keys = new WeakMap<Authorization, { readonly of: VersionRequest; readonly key: string }>();

  function keyOf(request: VersionRequest): string {
    const last = keys.get(request.authorization);
    if (last && isSameVersion(last.of, request)) return last.key;
    const { code, url, authorization, container, name, meta, sharesToken } = request;
    const { token } = authorization;
    const key = JSON.stringify([container, name, code.sha256, fileName(url), token, sharesToken, meta]);
    keys.set(authorization, { of: request, key });
    return key;
  }

  const findModules = (
    source: WebtaskSource,
    meta: Readonly<Record<string, string>>,
    container: string,
  ): Promise<string[]> => modules.foldersFor({ ...source, language: languageOf(source, meta), meta }, container);

  return {
    get(request, make) {
      const { code, url, authorization, container, name, meta, fresh } = request;
      const { claims } = authorization;
      const key = keyOf(request);
      const known = fresh ? undefined : versions.get(key);
      if (known) return known.making;
      // A folder for each version, which need not exist: two versions must not share a path in stack traces.
      const file = join(folder, '.webtask', 'code', code.sha256.slice(0, 32), fileName(url));
      const source = { code: code.text, file };
      const making = findModules(source, meta, container).then((modulePaths) => make({ ...source, modulePaths }));
      const remembered: Remembered<T> = { container, name, url: claims.url, length: code.text.length, making };
      makeRoom(code.text.length);
      versions.set(key, remembered);
      making.then(
        (made) => {
          remembered.made = made;
        },
        // A failure is not remembered: what is missing may be installed meanwhile.
        () => versions.peek(key) === remembered && versions.delete(key),
      );
      return making;
    },
    known: (request) => (request.fresh ? undefined : versions.get(keyOf(request))?.made),
    prepare(code, meta, container) {
      findModules({ code, file: join(folder, 'webtask.js') }, meta, container).catch(() => undefined);
    },
    forget(container, name) {
      let forgotten = 0;
      for (const [key, it] of [...versions.entries()]) {
        if (it.container !== container || (name !== undefined && it.name !== name)) continue;
        versions.delete(key);
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

/** Whether two requests are for the same version, as far as that is seen at once. */
function isSameVersion(a: VersionRequest, b: VersionRequest): boolean {
  return (
    a.code === b.code &&
    a.url === b.url &&
    a.container === b.container &&
    a.name === b.name &&
    a.meta === b.meta &&
    a.sharesToken === b.sharesToken
  );
}

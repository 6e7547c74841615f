import type { IncomingMessage } from 'node:http';
import type { ParsedUrlQuery } from 'node:querystring';
import { LRUCache } from 'lru-cache';
import { type CodeLoader, type LoadedCode, sha256Hex } from '../../code/index.ts';
import { fail } from '../../errors.ts';
import type { TokenClaims } from '../../token/index.ts';
import type { RunRegistry } from '../registry/recall-names.ts';
import type { NamedWebtask } from '../registry/registry.ts';
import { storedCodeOf } from './stored-code.ts';

/** A run whose code is wanted. */
export interface CodeWanted {
  /** Whose body is the code, where nothing else says where it is. */
  readonly req?: IncomingMessage | undefined;
  readonly claims: TokenClaims;
  readonly container: string;
  /** The webtask that the request named, as it is stored. */
  readonly named: NamedWebtask | undefined;
  /** The platform's keys of the query. */
  readonly reserved: ParsedUrlQuery;
}

const MAX_REMEMBERED_BYTES = 64 * 1024 * 1024;

/**
 * Makes the finder of code: what the cluster keeps, what is at a URL, or the body of the request, whatever the type
 * that is said of it.
 *
 * @param maxBytes - the most that is taken from a body
 * @returns a function that answers at once where the code is in memory. It throws RUN_WITHOUT_CODE, BODY_TOO_LARGE, NAME_UNKNOWN, CODE_MISSING, CONTAINER_REFUSED and
 *   what the loader throws
 * @see protocol reference 5.2, 6.3
 */
export function createCodeFinder(
  registry: RunRegistry,
  loadCode: CodeLoader,
  maxBytes: number,
): (wanted: CodeWanted) => LoadedCode | Promise<LoadedCode> {
  const kept = new LRUCache<string, LoadedCode>({
    maxSize: MAX_REMEMBERED_BYTES,
    sizeCalculation: (it) => it.text.length + 1,
  });

  const getKept = (sha256: string): LoadedCode | Promise<LoadedCode> => kept.get(sha256) ?? readKept(sha256);

  async function readKept(sha256: string): Promise<LoadedCode> {
    const text = (await registry.getCode(sha256)) ?? fail('CODE_MISSING');
    const code = { text, sha256 };
    kept.set(sha256, code);
    return code;
  }

  /** What a token means that names a webtask: its code as it is now. */
  function getNamedCode(
    { container, name }: { container: string; name: string },
    wanted: CodeWanted,
  ): LoadedCode | Promise<LoadedCode> {
    if (container !== wanted.container) fail('CONTAINER_REFUSED', { container });
    const get = (named: NamedWebtask | undefined): LoadedCode | Promise<LoadedCode> =>
      getKept(named?.code ?? fail('NAME_UNKNOWN', { container, name }));
    const named = wanted.named?.name === name ? wanted.named : registry.getNamed(container, name);
    return named instanceof Promise ? named.then(get) : get(named);
  }

  return (wanted) => {
    const { claims, reserved, req } = wanted;
    const noCache = reserved.webtask_no_cache !== undefined;
    const stored = storedCodeOf(claims);
    if (stored) return 'sha256' in stored ? getKept(stored.sha256) : getNamedCode(stored, wanted);
    if (claims.url !== undefined) return loadCode({ url: claims.url, sha256: claims.url_sha256, noCache });
    if (typeof reserved.webtask_url === 'string') return loadCode({ url: reserved.webtask_url, noCache });
    return req ? readCode(req, maxBytes) : fail('RUN_WITHOUT_CODE');
  };
}

async function readCode(req: IncomingMessage, maxBytes: number): Promise<LoadedCode> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= maxBytes) chunks.push(chunk); // the rest is read and dropped, so that the answer arrives
  }
  if (size > maxBytes) fail('BODY_TOO_LARGE', { maxBytes });
  if (size === 0) fail('RUN_WITHOUT_CODE');
  const text = Buffer.concat(chunks).toString('utf8');
  return { text, sha256: sha256Hex(text) };
}

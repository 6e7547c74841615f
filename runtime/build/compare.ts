import { fetchCode, sha256Hex } from '../code/index.ts';
import { fail, WebtaskError } from '../errors.ts';
import type { Source } from './source.ts';

/**
 * Fetches the URL of a webtask once and compares its bytes, so that a private repository is found out now and not by
 * the first caller.
 *
 * Any address may be asked: this is the developer's machine, and the URL is theirs.
 *
 * @param label - the webtask as messages name it
 * @throws BUILD_UNFETCHABLE, BUILD_BYTES_DIFFER
 */
export async function compareWithUrl({ url, sha256 }: Source, label: string): Promise<void> {
  let bytes: Buffer;
  try {
    bytes = await fetchCode(url, { publicOnly: false, allowedOrigins: [] });
  } catch (cause) {
    if (!(cause instanceof WebtaskError)) throw cause;
    return fail('BUILD_UNFETCHABLE', { file: label, reason: cause.message }, { cause });
  }
  const found = sha256Hex(bytes);
  if (sha256 !== undefined && found !== sha256)
    fail('BUILD_BYTES_DIFFER', { file: label, url, found, expected: sha256 });
}

import { fail } from '../../errors.ts';
import { parseStrictObject } from '../../jws/index.ts';

/** More than two tokens of the longest kind. */
const MAX_BYTES = 64 * 1024;

/**
 * Reads a form, each of whose fields is there once.
 *
 * @throws REVOCATION_REQUEST
 * @see RFC 6749 section 3.1: parameters must not be included more than once
 */
export async function readForm(request: Request): Promise<ReadonlyMap<string, string>> {
  const text = await readText(request, 'application/x-www-form-urlencoded');
  const form = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (form.has(name)) fail('REVOCATION_REQUEST', { reason: `it has ${name} more than once` });
    form.set(name, value);
  }
  return form;
}

/**
 * Reads an object of JSON, none of whose members is there twice: of two, each reader would believe another one.
 *
 * @throws REVOCATION_REQUEST
 */
export async function readJson(request: Request): Promise<Readonly<Record<string, unknown>>> {
  const text = await readText(request, 'application/json');
  return parseStrictObject(text, 'its body', (reason, options) => fail('REVOCATION_REQUEST', { reason }, options));
}

async function readText(request: Request, type: string): Promise<string> {
  const said = (request.headers.get('Content-Type') ?? '').split(';')[0]?.trim().toLowerCase();
  if (said !== type) fail('REVOCATION_REQUEST', { reason: `its Content-Type is not ${type}` });
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > MAX_BYTES) fail('REVOCATION_REQUEST', { reason: `its body has more than ${MAX_BYTES} bytes` });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

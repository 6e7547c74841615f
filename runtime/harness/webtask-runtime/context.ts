import { createContext as buildContext, parseBody, type WebtaskContext } from '../../context/index.ts';
import { requestId } from '../../invoke/index.ts';
import type { ContextOptions } from './options.ts';
import { createStorage } from './storage.ts';

/**
 * Makes the context that a webtask is called with.
 *
 * It differs from the original's in one point: a body never replaces what is given, even where that is empty.
 *
 * @see protocol reference 3.1, 3.4
 *
 * @example
 * webtask(createContext({ secrets: { API_KEY: 'k' }, query: { id: '1' } }), (error, result) => done(error));
 */
export function createContext(options: ContextOptions = {}): WebtaskContext {
  const headers: Record<string, string | string[] | undefined> = { 'content-type': 'application/json' };
  for (const [name, value] of Object.entries(options.headers ?? {})) headers[name.toLowerCase()] = value;
  const raw = options.body || undefined;
  const context = buildContext({
    id: options.reqId ?? requestId(),
    query: withoutFlags(options.query ?? {}),
    params: options.params ?? {},
    // The original takes values of any type, and so do tests that were written for it.
    secrets: (options.secrets ?? {}) as Record<string, string>,
    meta: (options.meta ?? {}) as Record<string, string>,
    headers,
    parsed: { body: raw && parseBody(raw, String(headers['content-type'])), raw },
    mergeBody: options.mergeBody ?? false,
    storage: options.storage ?? createStorage(options.initialStorageData, options),
    token: options.token,
  });
  if (options.createToken) context.create_token = options.createToken;
  if (options.createTokenUrl) context.create_token_url = options.createTokenUrl;
  return context;
}

function withoutFlags<T>(query: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(query).filter(([name]) => !name.startsWith('webtask_')));
}

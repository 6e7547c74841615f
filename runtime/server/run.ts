import type { IncomingMessage, ServerResponse } from 'node:http';
import type { createCodeLoader, LoadedCode } from '../code/index.ts';
import { sha256Hex } from '../code/index.ts';
import { createStorage, maskSecrets, readQuery } from '../context/index.ts';
import { fail } from '../errors.ts';
import { type RunSettings, requestId, runWebtask } from '../invoke/index.ts';
import type { Store } from '../store/index.ts';
import { sendError, sendReply } from './answer.ts';
import type { Authorization, createAuthorizer } from './authorize.ts';
import type { createCompiler } from './compiled.ts';
import { readCredential } from './credential.ts';
import { readTarget, toRunRequest } from './request.ts';

/** What the run path works with. */
export interface RunParts {
  readonly authorize: ReturnType<typeof createAuthorizer>;
  readonly loadCode: ReturnType<typeof createCodeLoader>;
  readonly compile: ReturnType<typeof createCompiler>;
  readonly openStore: () => Promise<Store>;
  readonly limitMs: number;
  /** Receives what webtasks print, secrets masked. */
  readonly onLine: (line: string) => void;
  /** Is told of errors that are the platform's. */
  readonly onError: (error: Error) => void;
}

const MAX_CODE_BYTES = 1024 * 1024;
const MAX_BODY_BYTES = 1024 * 1024;

/**
 * Makes the handler of `ANY /api/run/{container}`: runs the webtask of the token that comes with the request.
 *
 * @see protocol reference 5.3, 6.3
 */
export function createRunHandler(parts: RunParts): (req: IncomingMessage, res: ServerResponse) => Promise<void> {
  return async (req, res) => {
    const id = requestId();
    try {
      await run(req, res, parts);
    } catch (error) {
      const known = sendError(error, id, res);
      if (known.fault === 'platform') parts.onError(known.cause instanceof Error ? known.cause : known);
    }
  };
}

async function run(req: IncomingMessage, res: ServerResponse, parts: RunParts): Promise<void> {
  const url = req.url ?? '/';
  const target =
    readTarget(url) ?? fail('ROUTE_UNKNOWN', { method: req.method ?? 'GET', path: url.replace(/\?.*/s, '') });
  if (target.name !== undefined) fail('NAME_UNKNOWN', { container: target.container, name: target.name });

  const { reserved } = readQuery(url);
  const authorization = await parts.authorize(readCredential(req, reserved), target.container, Date.now() / 1000);
  const { claims, secrets, token } = authorization;
  const code = await findCode(req, authorization, parts, reserved);
  const storage = createStorage(parts.openStore, target.container, claims.jtn);
  const webtask = await parts.compile(code, authorization, storage);

  const label = claims.jtn ?? target.container;
  const mask = maskSecrets(secrets);
  const settings: RunSettings = {
    secrets,
    params: claims.pctx ?? {},
    meta: claims.meta ?? {},
    // The body was the code: there is nothing left to parse.
    parseBody: claims.url === undefined && reserved.webtask_url === undefined ? 0 : (claims.pb ?? 2),
    mergeBody: claims.mb === 1,
    storage,
    container: target.container,
    name: claims.jtn,
    urlFormat: 1,
    codeUrl: claims.url,
    token: claims.url !== undefined || reserved.webtask_share_token !== undefined ? token : undefined,
    tokenId: claims.jti,
    limitMs: parts.limitMs,
    maxBodyBytes: MAX_BODY_BYTES,
    onLine: (line) => parts.onLine(`${label} | ${mask(line)}`),
  };
  const caller = new AbortController();
  res.once('close', () => caller.abort());
  await sendReply(await runWebtask(webtask, toRunRequest(req, caller.signal), settings), res);
}

/** The code is the token's, or the request's: by URL, or in the body, whatever the type that is said of it. */
async function findCode(
  req: IncomingMessage,
  { claims }: Authorization,
  { loadCode }: RunParts,
  reserved: Readonly<Record<string, unknown>>,
): Promise<LoadedCode> {
  const noCache = reserved.webtask_no_cache !== undefined;
  if (claims.url !== undefined) return loadCode({ url: claims.url, sha256: claims.url_sha256, noCache });
  if (typeof reserved.webtask_url === 'string') return loadCode({ url: reserved.webtask_url, noCache });
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MAX_CODE_BYTES) chunks.push(chunk); // the rest is read and dropped, so that the answer arrives
  }
  if (size > MAX_CODE_BYTES) fail('BODY_TOO_LARGE', { maxBytes: MAX_CODE_BYTES });
  if (size === 0) fail('RUN_WITHOUT_CODE');
  const text = Buffer.concat(chunks).toString('utf8');
  return { text, sha256: sha256Hex(text) };
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { createCodeLoader, LoadedCode } from '../code/index.ts';
import { sha256Hex } from '../code/index.ts';
import { createStorage, maskSecrets, readQuery } from '../context/index.ts';
import { fail, type WebtaskError } from '../errors.ts';
import { type RunSettings, requestId, runWebtask } from '../invoke/index.ts';
import type { Store } from '../store/index.ts';
import { sendError, sendReply } from './answer.ts';
import type { Authorization, createAuthorizer } from './authorize.ts';
import type { createCompiler } from './compiled.ts';
import { readCredential } from './credential.ts';
import { readTarget, toRunRequest, withoutBody } from './request.ts';

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
  readonly onError: (error: WebtaskError) => void;
}

/** Code and where it is from. */
interface FoundCode {
  readonly code: LoadedCode;
  /** Its URL; it was the body of the request where it has none. */
  readonly url?: string;
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
      if (res.destroyed) return; // the caller went away
      const known = sendError(error, id, res);
      if (known.fault === 'platform') parts.onError(known);
    }
  };
}

async function run(req: IncomingMessage, res: ServerResponse, parts: RunParts): Promise<void> {
  const url = req.url ?? '/';
  const target =
    readTarget(url) ?? fail('ROUTE_UNKNOWN', { method: req.method ?? 'GET', path: url.replace(/\?.*/s, '') });
  const { container, name } = target;
  if (name !== undefined) fail('NAME_UNKNOWN', { container, name });

  const { reserved } = readQuery(url);
  const authorization = await parts.authorize(readCredential(req, reserved), container, Date.now() / 1000);
  const { claims, secrets, token } = authorization;
  const label = claims.jtn ?? container;
  const mask = maskSecrets(secrets);
  const onLine = (line: string): void => parts.onLine(`${label} | ${mask(line)}`);

  const found = await findCode(req, authorization, parts, reserved);
  const storage = createStorage(parts.openStore, container, claims.jtn);
  const webtask = await parts.compile({ code: found.code, url: found.url, container, authorization, storage, onLine });
  if (res.destroyed) return; // the caller went away before anything ran

  const settings: RunSettings = {
    secrets,
    params: claims.pctx ?? {},
    meta: claims.meta ?? {},
    parseBody: claims.pb ?? 2,
    mergeBody: claims.mb === 1,
    storage,
    container,
    name: claims.jtn,
    urlFormat: 1,
    codeUrl: claims.url,
    token: claims.url !== undefined || reserved.webtask_share_token !== undefined ? token : undefined,
    tokenId: claims.jti,
    limitMs: parts.limitMs,
    maxBodyBytes: MAX_BODY_BYTES,
    onLine,
  };
  const caller = new AbortController();
  res.once('close', () => caller.abort());
  const request = toRunRequest(req, caller.signal);
  // A body that was the code is not the webtask's.
  const reply = await runWebtask(webtask, found.url === undefined ? withoutBody(request) : request, settings);
  await sendReply(reply, res);
}

/** The code is the token's, or the request's: by URL, or in the body, whatever the type that is said of it. */
async function findCode(
  req: IncomingMessage,
  { claims }: Authorization,
  { loadCode }: RunParts,
  reserved: Readonly<Record<string, unknown>>,
): Promise<FoundCode> {
  const noCache = reserved.webtask_no_cache !== undefined;
  const url = claims.url ?? reserved.webtask_url;
  if (typeof url === 'string') return { url, code: await loadCode({ url, sha256: claims.url_sha256, noCache }) };
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MAX_CODE_BYTES) chunks.push(chunk); // the rest is read and dropped, so that the answer arrives
  }
  if (size > MAX_CODE_BYTES) fail('BODY_TOO_LARGE', { maxBytes: MAX_CODE_BYTES });
  if (size === 0) fail('RUN_WITHOUT_CODE');
  const bytes = Buffer.concat(chunks);
  return { code: { text: bytes.toString('utf8'), sha256: sha256Hex(bytes) } };
}

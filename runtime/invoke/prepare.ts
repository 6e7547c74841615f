import type { IncomingMessage } from 'node:http';
import type { CompiledWebtask } from '../compile/index.ts';
import {
  createContext,
  type PlatformParameters,
  type ReportMissing,
  readBody,
  readQuery,
  type WebtaskContext,
} from '../context/index.ts';
import type { RunSettings } from './run.ts';

/**
 * Reads what has to be read of a request before the webtask is called, and builds its context.
 *
 * The request also gets what adapters look for on it: `query`, `x_wt`, and `raw_body` where the body was read.
 *
 * @param makeSignal - makes `context.signal`
 * @throws BODY_TOO_LARGE
 * @see protocol reference 3.2, 3.5
 */
export async function prepareContext(
  webtask: CompiledWebtask,
  req: IncomingMessage,
  settings: RunSettings,
  id: string,
  reportMissing: ReportMissing | undefined,
  makeSignal: () => AbortSignal,
): Promise<WebtaskContext> {
  const { query, reserved } = readQuery(req.url ?? '/');
  const takesBody = webtask.model === 'callback' || webtask.model === 'context';
  const parses = settings.parseBody === 1 || (settings.parseBody === 2 && takesBody) || reserved.webtask_pb === '1';
  const mergeBody = settings.mergeBody || reserved.webtask_mb === '1';

  const parsed = parses ? await readBody(req, settings.maxBodyBytes) : { body: undefined, raw: undefined };
  Object.assign(req, {
    query,
    x_wt: platformParameters(settings, id, mergeBody),
    ...(parses && { raw_body: parsed.raw }),
  });
  return createContext({ ...settings, id, query, headers: req.headers, parsed, mergeBody, reportMissing, makeSignal });
}

function platformParameters(settings: RunSettings, id: string, mergeBody: boolean): PlatformParameters {
  const { container, name, codeUrl, token, tokenId, urlFormat, parseBody } = settings;
  return {
    req_id: id,
    container,
    url_format: urlFormat,
    pb: parseBody,
    mb: mergeBody ? 1 : 0,
    resolved_modules: null,
    ...(name !== undefined && { jtn: name }),
    ...(codeUrl !== undefined && { url: codeUrl }),
    ...(tokenId !== undefined && { jti: tokenId }),
    ...(token !== undefined && { token }),
  };
}

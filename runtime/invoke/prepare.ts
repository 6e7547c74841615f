import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { CompiledWebtask } from '../compile/index.ts';
import {
  type ContextParts,
  createContext,
  type ParsedBody,
  type PlatformParameters,
  type ReportMissing,
  readBody,
  readQuery,
  readWholeBody,
  type WebtaskContext,
  type WebtaskRequest,
} from '../context/index.ts';
import { readHeaders } from './http/index.ts';
import type { RunRequest, RunSettings } from './types.ts';

/** What a context is made of beside its request. */
export interface PrepareParts {
  readonly settings: RunSettings;
  readonly id: string;
  readonly onMissing: ReportMissing | undefined;
  /** Makes `context.signal`. */
  readonly makeSignal: () => AbortSignal;
}

/**
 * Reads what has to be read of a request before the webtask is called, and builds its context.
 *
 * The request also gets what adapters look for on it: `query`, `x_wt`, and `raw_body` where the body was read.
 *
 * @returns at once where no body is to be read; rejects with BODY_TOO_LARGE
 * @see protocol reference 3.2, 3.5
 */
export function prepareContext(
  webtask: CompiledWebtask,
  req: IncomingMessage,
  parts: PrepareParts,
): WebtaskContext | Promise<WebtaskContext> {
  const { settings, id } = parts;
  const { query, reserved } = readQuery(req.url ?? '/');
  const { parses, mergeBody } = bodyRules(webtask, settings, reserved);
  const given: IncomingMessage & Partial<GivenToAdapters> = req;
  const finish = (parsed: ParsedBody): WebtaskContext => {
    given.query = query;
    given.x_wt = platformParameters(settings, id, mergeBody);
    if (parses) given.raw_body = parsed.raw;
    return contextOf(parts, { query, headers: req.headers, parsed, mergeBody });
  };
  return parses ? readBody(req, settings.maxBodyBytes).then(finish) : finish(NOT_READ);
}

/** What adapters look for on a request. */
type GivenToAdapters = Pick<WebtaskRequest, 'query' | 'x_wt'> & { raw_body: string | undefined };

/**
 * Builds the context of a webtask that only calls back, for a request that is all there.
 *
 * @returns `undefined` where it takes none
 * @throws BODY_TOO_LARGE
 * @see protocol reference 3.2, 3.5
 */
export function prepareCall(
  webtask: CompiledWebtask,
  { url, rawHeaders, body = '' }: RunRequest,
  parts: PrepareParts,
): WebtaskContext | undefined {
  const { settings } = parts;
  const bytes = body instanceof Readable ? '' : body; // such a request has a connection
  const takesNothing = webtask.model === 'callback';
  if (takesNothing && bytes.length <= settings.maxBodyBytes / MAX_BYTES_PER_UNIT) return undefined;
  const { query, reserved } = readQuery(url);
  const { parses, mergeBody } = bodyRules(webtask, settings, reserved);
  const headers = readHeaders(rawHeaders);
  const parsed = parses ? readWholeBody(headers, bytes, settings.maxBodyBytes) : NOT_READ;
  if (takesNothing) return undefined;
  return contextOf(parts, { query, headers, parsed, mergeBody });
}

/** Named one by one, since this is made for each run, and a copy of whatever is there takes far longer. */
function contextOf(
  { settings, id, onMissing, makeSignal }: PrepareParts,
  { query, headers, parsed, mergeBody }: Pick<ContextParts, 'query' | 'headers' | 'parsed' | 'mergeBody'>,
): WebtaskContext {
  const { params, secrets, meta, storage, token, codeUrl, issue } = settings;
  return createContext({
    id,
    query,
    params,
    secrets,
    meta,
    headers,
    parsed,
    mergeBody,
    storage,
    token,
    codeUrl,
    issue,
    makeSignal,
    reportMissing: onMissing,
  });
}

const NOT_READ = { body: undefined, raw: undefined };
/** A text has at most so many bytes for each unit of its length. */
const MAX_BYTES_PER_UNIT = 3;

/** Whether the body is parsed, and whether it is merged into `context.data`. */
function bodyRules(
  { model }: CompiledWebtask,
  settings: RunSettings,
  reserved: ReturnType<typeof readQuery>['reserved'],
): { parses: boolean; mergeBody: boolean } {
  const takesBody = model === 'callback' || model === 'context';
  const parses = settings.parseBody === 1 || (settings.parseBody === 2 && takesBody) || reserved.webtask_pb === '1';
  return { parses, mergeBody: settings.mergeBody || reserved.webtask_mb === '1' };
}

function platformParameters(settings: RunSettings, id: string, mergeBody: boolean): PlatformParameters {
  const { container, name, codeUrl, token, tokenId, urlFormat, parseBody } = settings;
  const parameters: { -readonly [key in keyof PlatformParameters]: PlatformParameters[key] } = {
    req_id: id,
    container,
    url_format: urlFormat,
    pb: parseBody,
    mb: mergeBody ? 1 : 0,
    resolved_modules: null,
  };
  if (name !== undefined) parameters.jtn = name;
  if (codeUrl !== undefined) parameters.url = codeUrl;
  if (tokenId !== undefined) parameters.jti = tokenId;
  if (token !== undefined) parameters.token = token;
  return parameters;
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import { createStorage, readQuery } from '../../context/index.ts';
import { fail, type WebtaskError } from '../../errors.ts';
import { Caller, type RunSettings, requestId } from '../../invoke/index.ts';
import type { Documents } from '../../store/index.ts';
import type { Acts } from '../audit/index.ts';
import { allowOrigin, answerPreflight, isPreflight, originHeaders, saysOrigins } from '../edge/cors.ts';
import { originScope } from '../edge/origin-scope.ts';
import type { OwnHosts } from '../edge/own-hosts.ts';
import { callerAddress } from '../edge/peer.ts';
import { hasLimits, type Limits } from '../limits/index.ts';
import { type Logs, type OutputBudget, startRunLog } from '../logs/index.ts';
import type { CountedRun, Metrics } from '../metrics/index.ts';
import type { RunRegistry } from '../registry/recall-names.ts';
import type { createAuthorizer } from '../tokens/authorize.ts';
import type { Issue } from '../tokens/issue.ts';
import { sendError, sendReply } from './answer.ts';
import { readCredential } from './credential.ts';
import type { createCodeFinder } from './find-code.ts';
import { type RunTarget, toRunRequest, withoutBody } from './request.ts';
import type { Runner } from './runner.ts';
import { startTiming } from './server-timing.ts';
import { webtaskMeta } from './webtask-meta.ts';
import { webtaskUrl } from './webtask-url.ts';

/** What the run path works with. */
export interface RunParts {
  readonly authorize: ReturnType<typeof createAuthorizer>;
  readonly registry: RunRegistry;
  readonly findCode: ReturnType<typeof createCodeFinder>;
  readonly runner: Runner;
  /** What `context.storage` is kept in. */
  readonly openDocuments: () => Promise<Documents>;
  /** Issues tokens for webtasks. */
  readonly issue: Issue;
  /** The public base of URLs, without a slash at the end. */
  readonly baseUrl: () => string;
  /** Records that a webtask issues a token. */
  readonly acts: Acts;
  readonly limits: Limits;
  readonly logs: Logs;
  readonly output: OutputBudget;
  readonly metrics: Metrics;
  /** The hosts that are the cluster's. */
  readonly ownHosts: OwnHosts;
  readonly limitMs: number;
  /** Bytes of a request's body that is parsed. */
  readonly maxBodyBytes: number;
  /** Receives what webtasks print, secrets masked. */
  readonly onLine: (line: string) => void;
  /** Is told of every error that is answered, with the id of its request. */
  readonly onError: (error: WebtaskError, requestId?: string) => void;
}

/** A key may be in the URL. */
const NO_REFERRER = ['Referrer-Policy', 'no-referrer'] as const;

/**
 * Makes the handler of runs: the webtask that is named, or the one of the token that comes with the request.
 *
 * @see protocol reference 5.3, 6.3
 */
export function createRunHandler(
  parts: RunParts,
): (target: RunTarget, req: IncomingMessage, res: ServerResponse, trigger?: 'http' | 'cron') => Promise<void> {
  return (target, req, res, trigger = 'http') => {
    const id = requestId();
    const counted = parts.metrics.run(trigger, res);
    return run(target, req, res, parts, id, counted).catch((error: unknown) => {
      if (res.destroyed) return; // the caller went away
      // Why it does not run is for the request that follows, which may also bring the token.
      if (isPreflight(req) && !res.headersSent) return answerPreflight(req, res, 'asking');
      if (!res.headersSent) allowOrigin(req, res, 'asking');
      const known = sendError(error, id, res);
      parts.onError(known, id);
    });
  };
}

async function run(
  target: RunTarget,
  req: IncomingMessage,
  res: ServerResponse,
  parts: RunParts,
  requestId: string,
  counted: CountedRun,
): Promise<void> {
  const { startedAt } = counted;
  const timing = startTiming(startedAt);
  const { container, name, urlFormat } = target;
  if (urlFormat === 1 && req.headers['service-worker'] !== undefined) fail('SERVICE_WORKER_REFUSED');
  const { reserved } = readQuery(req.url ?? '/');
  // What is in memory is not waited for: in most runs that is all.
  const found = name === undefined ? undefined : parts.registry.getNamed(container, name);
  const named = found instanceof Promise ? await found : found;
  if (name !== undefined && named === undefined) fail('NAME_UNKNOWN', { container, name });
  // Who runs a named webtask needs no credential, and what Authorization says is for the webtask.
  const presented = named?.token ?? readCredential(req, reserved);
  const authorizing = parts.authorize(presented, container, Date.now() / 1000);
  const authorization = authorizing instanceof Promise ? await authorizing : authorizing;
  const { claims, secrets, token } = authorization;
  timing.mark('auth');
  // From here on it is a run of this container, and its readers are told.
  const { logs, output, onLine } = parts;
  const caller = new Caller();
  const log = startRunLog(res, {
    logs,
    output,
    container,
    name: claims.jtn,
    id: requestId,
    secrets,
    startedAt,
    onLine,
  });
  res.on('close', () => {
    log.onClose();
    caller.leave();
  });
  if (hasLimits(claims)) await parts.limits.charge(claims, container);

  const finding = parts.findCode({ req, claims, container, named, reserved });
  const code = finding instanceof Promise ? await finding : finding;
  const url = claims.url ?? (typeof reserved.webtask_url === 'string' ? reserved.webtask_url : undefined);
  const readingMeta = named?.meta ?? webtaskMeta(token, claims, parts.registry);
  const meta = readingMeta instanceof Promise ? await readingMeta : readingMeta;
  const storage = createStorage(parts.openDocuments, container, claims.jtn);
  log.compiled('warm');
  const isShared = claims.url !== undefined || reserved.webtask_share_token !== undefined;
  const settings: RunSettings = {
    id: requestId,
    secrets,
    params: claims.pctx ?? {},
    meta,
    parseBody: claims.pb ?? 2,
    mergeBody: claims.mb === 1,
    storage,
    container,
    name: claims.jtn,
    urlFormat,
    codeUrl: claims.url,
    // The master key has no token, and so what runs by it creates none.
    token: isShared && token !== '' ? token : undefined,
    tokenId: claims.jti,
    async issue(requested) {
      const act = {
        act: 'create_token',
        caller: authorization,
        subject: { container, name: claims.jtn },
        address: callerAddress(req),
        requestId,
      };
      const issued = await parts.acts.perform(act, () => parts.issue(requested, authorization, Date.now() / 1000));
      const url = issued.url ?? webtaskUrl(parts.baseUrl(), { container, token: issued.token });
      return { token: issued.token, url };
    },
    limitMs: parts.limitMs,
    maxBodyBytes: parts.maxBodyBytes,
    onMessage: log.onMessage,
    onProblem: log.onProblem,
  };
  const request = toRunRequest(req, caller, callerAddress(req));
  // A body that was the code is not the webtask's.
  const reply = await parts.runner.run({
    version: {
      code,
      url,
      authorization,
      container,
      name: claims.jtn,
      meta,
      sharesToken: settings.token !== undefined,
      fresh: reserved.webtask_no_cache !== undefined,
    },
    request: url === undefined ? withoutBody(request) : request,
    settings,
    // The others know no headers, so that a preflight is answered for them.
    onlyIfItWritesHeaders: isPreflight(req),
    onCompile() {
      log.compiled('cold');
      parts.metrics.coldStart();
    },
    onUsage: log.onUsage,
    onReady() {
      timing.mark('compile');
      return !res.destroyed; // the caller may have left before anything ran
    },
  });
  if (!reply) return res.destroyed ? undefined : answerPreflight(req, res, 'asking');
  if (res.headersSent) return void reply.body.destroy(); // the body of the request broke off, and this was answered
  if (isPreflight(req) && !saysOrigins(reply.rawHeaders.filter((_, i) => i % 2 === 0))) {
    reply.body.destroy(); // it answers every verb alike
    return answerPreflight(req, res, 'asking');
  }
  timing.mark('run');
  counted.answeredBy(reply.source);
  const ours = [...NO_REFERRER, ...originHeaders(req), 'Server-Timing', timing.header()];
  return sendReply(reply, res, ours, () => {
    return originScope(target, req.headers.host ?? '', parts.baseUrl(), parts.ownHosts);
  });
}

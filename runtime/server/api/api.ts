import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { WebtaskError } from '../../errors.ts';
import { platformFailure, requestId } from '../../invoke/index.ts';
import type { Modules } from '../../modules/index.ts';
import type { Documents, Store } from '../../store/index.ts';
import type { KeySet } from '../../token/index.ts';
import type { Acts } from '../audit/index.ts';
import type { Cron } from '../cron/index.ts';
import type { Limits } from '../limits/index.ts';
import type { Logs } from '../logs/index.ts';
import type { IsMetricsReader, Metrics } from '../metrics/index.ts';
import type { Quotas } from '../quotas/index.ts';
import type { Readiness } from '../readiness.ts';
import type { Registry } from '../registry/registry.ts';
import type { Revocations } from '../revocations/revocations.ts';
import type { createCodeFinder } from '../run/find-code.ts';
import type { Runner } from '../run/runner.ts';
import type { Identify } from '../tokens/authorize.ts';
import type { Issue } from '../tokens/issue.ts';
import { collectRoutes } from './openapi.ts';

/** What the routes of the management API work with. */
export interface ApiParts {
  readonly keys: KeySet;
  /** Says what a credential stands for. */
  readonly identify: Identify;
  readonly revocations: Revocations;
  /** Issues tokens, and stores webtasks. */
  readonly issue: Issue;
  readonly registry: Registry;
  readonly runner: Runner;
  /** The packages that webtasks can require. */
  readonly modules: Modules;
  /** Finds the code of a token. */
  readonly findCode: ReturnType<typeof createCodeFinder>;
  readonly limits: Limits;
  readonly logs: Logs;
  readonly quotas: Quotas;
  /** The largest code that is taken. */
  readonly maxCodeBytes: number;
  /** What `context.storage` is kept in. */
  readonly openDocuments: () => Promise<Documents>;
  readonly openStore: () => Promise<Store>;
  readonly cron: Cron;
  /** The public base of every URL that is printed, without a slash at the end. */
  readonly baseUrl: () => string;
  /** Whether a host is one of the cluster's own. */
  readonly isOwnHost: (host: string) => boolean;
  readonly readiness: Readiness;
  /** Records what is done. */
  readonly acts: Acts;
  readonly metrics: Metrics;
  readonly mayReadMetrics: IsMetricsReader;
  readonly onError: (error: WebtaskError, requestId?: string) => void;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route waits for a run of a webtask, which has a limit of its own. */
    limitedBy?: 'run';
  }
}

/** Adds the routes of one resource. */
export type Routes = (api: FastifyInstance, parts: ApiParts) => void;

/** What a body has beside code. */
const ROOM_BYTES = 2 * 1024 * 1024;
/** Each call of the store has a limit of its own; this one is for many that are all slow. */
const LIMIT_MS = 30_000;

/**
 * Makes the handler of the management API. Fastify is loaded with the first request that needs it.
 *
 * Every error has `code` and `message`: the original clients show nothing else.
 *
 * @param resources - the routes, a file for each resource
 * @param limitMs - how long a request may take, once its body is there
 */
export function createApiHandler(
  parts: ApiParts,
  resources: readonly Routes[],
  limitMs = LIMIT_MS,
): (req: IncomingMessage, res: ServerResponse) => Promise<void> {
  let starting: Promise<FastifyInstance> | undefined;
  // JSON spells some characters of code, such as line ends, with two.
  const bodyLimit = 2 * parts.maxCodeBytes + ROOM_BYTES;

  async function start(): Promise<FastifyInstance> {
    const { fastify } = await import('fastify');
    const setError = (error: unknown, request: FastifyRequest, reply: FastifyReply): string => {
      // What the router cannot read leads nowhere.
      const isBadUrl = (error as { code?: string }).code === 'FST_ERR_BAD_URL'; // fastify throws errors only
      const known = isBadUrl ? notFound(request) : toWebtaskError(error, bodyLimit);
      parts.acts.failed(request, known);
      parts.onError(known, request.id);
      const { status, body } = platformFailure(known, request.id);
      const { retryAfter } = known.fields;
      if (typeof retryAfter === 'number') reply.header('Retry-After', retryAfter);
      reply.code(status).header('Content-Type', 'application/json').header('x-wt-response-source', 'proxy');
      return body;
    };
    const answerError = (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply =>
      reply.send(Buffer.from(setError(error, request, reply))); // bytes: Fastify adds a charset to the type of a text
    const api = fastify({
      genReqId: requestId,
      bodyLimit,
      routerOptions: { maxParamLength: 1024 },
      frameworkErrors: answerError,
    });
    api.setErrorHandler(answerError);
    api.setNotFoundHandler((request) => {
      throw notFound(request);
    });
    // What schemas say of answers is for the document, and leaves nothing out of them.
    api.setSerializerCompiler(() => (answer) => JSON.stringify(answer));
    const parseJson = api.getDefaultJsonParser('error', 'error');
    api.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
      // Some clients say the type of a body that they do not have.
      if (body === '') done(null, null);
      else parseJson(request, body.toString(), done);
    });
    api.addHook('preHandler', limitTime(limitMs));
    api.addHook('onResponse', async ({ method, routeOptions }, { statusCode }) => {
      parts.metrics.request(method, routeOptions.url, statusCode);
    });
    parts.acts.recordAnswers(api, (error, request, reply) => {
      reply.removeHeader('location');
      return setError(error, request, reply);
    });
    await collectRoutes(api, parts.baseUrl());
    for (const addRoutes of resources) addRoutes(api, parts);
    await api.ready();
    return api;
  }

  return async (req, res) => {
    starting ??= start();
    (await starting).routing(req, res);
  };
}

/** Answers in the place of a handler that takes too long; what it does later goes nowhere. */
function limitTime(limitMs: number) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    if (request.routeOptions.config.limitedBy === 'run') return;
    const timer = setTimeout(() => {
      if (!reply.sent) reply.send(new WebtaskError('API_TIMED_OUT', { limitMs }));
    }, limitMs);
    reply.raw.once('close', () => clearTimeout(timer));
  };
}

function notFound({ method, url }: FastifyRequest): WebtaskError {
  return new WebtaskError('ROUTE_UNKNOWN', { method, path: url.replace(/\?.*/s, '') });
}

/** Fastify's own errors are the caller's: a body that is no JSON, or does not match the schema of its route. */
function toWebtaskError(error: unknown, bodyLimit: number): WebtaskError {
  if (error instanceof WebtaskError) return error;
  const { statusCode = 500, code, message } = error as { statusCode?: number; code?: string; message: string }; // fastify throws errors only
  if (statusCode >= 500) return new WebtaskError('INTERNAL', {}, { cause: error });
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new WebtaskError('BODY_TOO_LARGE', { maxBytes: bodyLimit });
  const isOtherType = code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE';
  const reason = isOtherType ? 'body must be JSON, sent with Content-Type: application/json' : message;
  return new WebtaskError('REQUEST_INVALID', { reason }, { cause: error });
}

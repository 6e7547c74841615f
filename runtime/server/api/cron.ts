import type { FastifyRequest } from 'fastify';
import type { ErrorCode } from '../../errors.ts';
import type { JobChange, JobState, Place } from '../cron/index.ts';
import type { ApiParts, Routes } from './api.ts';
import { authorizeManagement } from './authorize.ts';
import { describeRoute, NOTHING } from './describe.ts';
import { NAME_ERRORS, PATH_OF_CONTAINER, PATH_OF_WEBTASK, readMetaFilter } from './schemas.ts';

const TEXT = { type: 'string' } as const;
const TIME = { type: 'string', description: 'ISO 8601' } as const;
const TEXTS = { type: 'object', additionalProperties: TEXT } as const;
/** With a result beside it, it has to fit into one item of the store. */
const META = {
  type: 'object',
  maxProperties: 50,
  propertyNames: { maxLength: 128 },
  additionalProperties: { type: 'string', maxLength: 1024 },
} as const;
const STATE = { type: 'string', enum: ['active', 'inactive'] } as const;

const RESULT = {
  type: 'object',
  properties: {
    scheduled_at: TIME,
    started_at: TIME,
    completed_at: TIME,
    type: { type: 'string', enum: ['success', 'error', 'interrupted'] },
    statusCode: { type: 'integer', description: 'none where there was no answer' },
    headers: TEXTS,
    body: { type: 'string', description: 'the first 8 KB, secrets masked' },
  },
} as const;

const SETTABLE = {
  schedule: { type: 'string', description: 'five fields, or a name such as @daily' },
  state: STATE,
  tz: { type: 'string', description: 'IANA name of a time zone; UTC for a new job' },
  meta: META,
  repeat_interrupted: { type: 'boolean', description: 'whether a run that was interrupted is run again' },
} as const;

const JOB = {
  type: 'object',
  properties: {
    container: TEXT,
    name: TEXT,
    ...SETTABLE,
    cluster_url: TEXT,
    token: { type: 'string', description: 'of the webtask, as it is now' },
    token_data: { type: 'object', description: 'what the token says', additionalProperties: true },
    expires_at: { type: ['string', 'null'], description: 'when the token does' },
    created_at: TIME,
    results: { type: 'array', items: RESULT, description: 'the last one' },
    run_count: { type: 'integer', description: 'runs that succeeded' },
    error_count: { type: 'integer', description: 'runs that did not' },
    next_available_at: { type: ['string', 'null'] },
    last_scheduled_at: { type: ['string', 'null'] },
  },
} as const;

const NEW_JOB = {
  type: 'object',
  required: ['schedule'],
  properties: { ...SETTABLE, token: { type: 'string', description: 'of the webtask' } },
} as const;

const PAGE = {
  offset: { type: 'integer', minimum: 0, default: 0 },
  limit: { type: 'integer', minimum: 0, description: 'at most 100 are given' },
} as const;

const LIST_QUERY = {
  type: 'object',
  properties: {
    ...PAGE,
    limit: { ...PAGE.limit, default: 100 },
    meta: {
      type: 'array',
      items: { type: 'string', pattern: '^[^:]+:' },
      default: [],
      description: '`key:value`; a job has all of them',
    },
  },
} as const;

const HISTORY_QUERY = { type: 'object', properties: { ...PAGE, limit: { ...PAGE.limit, default: 10 } } } as const;

const STATE_QUERY = { type: 'object', properties: { state: STATE } } as const;
const STATE_BODY = { type: ['object', 'null'], properties: { state: STATE } } as const;

/** What may be wrong with a job. */
const JOB_ERRORS = [
  'CRON_SCHEDULE_INVALID',
  'CRON_TIMEZONE_UNKNOWN',
  'CRON_NEVER',
] as const satisfies readonly ErrorCode[];
/** Where a webtask keeps the jobs, or the names of the webtasks that they run. */
const STORE_ERRORS = [
  'CRON_STORE_UNANSWERED',
  'CRON_STORE_REFUSED',
  ...NAME_ERRORS,
] as const satisfies readonly ErrorCode[];

const MAX_PAGE = 100;

interface Page {
  readonly offset: number;
  readonly limit: number;
}

/**
 * Cron jobs: `/api/cron/{container}`, `/api/cron/{container}/{name}`, and its `/state`, `/history` and `/run`.
 *
 * @see protocol reference 6.1, 6.5
 */
export const addCronRoutes: Routes = (api, parts) => {
  const { cron } = parts;

  api.get<{ Params: { container: string }; Querystring: Page & { meta: string[] } }>(
    '/api/cron/:container',
    {
      schema: describeRoute({
        summary: 'Lists the cron jobs of a container',
        params: PATH_OF_CONTAINER,
        querystring: LIST_QUERY,
        answer: { type: 'array', items: JOB },
        errors: STORE_ERRORS,
      }),
    },
    async (request) => {
      const { container } = request.params;
      await authorizeManagement(request, container, parts);
      return cron.list(container, { ...pageOf(request.query), meta: readMetaFilter(request.query.meta) });
    },
  );

  api.get<{ Params: Place }>(
    '/api/cron/:container/:name',
    {
      schema: describeRoute({
        summary: 'Reads a cron job',
        params: PATH_OF_WEBTASK,
        answer: JOB,
        errors: ['CRON_UNKNOWN', ...STORE_ERRORS],
      }),
    },
    async (request) => {
      await authorizePlace(request, parts);
      return cron.get(request.params);
    },
  );

  api.put<{ Params: Place; Body: JobChange & { token?: string } }>(
    '/api/cron/:container/:name',
    {
      schema: describeRoute({
        summary: 'Creates or changes the cron job of a webtask',
        description: 'What is left out stays as it is.',
        params: PATH_OF_WEBTASK,
        body: NEW_JOB,
        answer: JOB,
        errors: ['WEBTASK_UNKNOWN', 'CRON_TOKEN_OTHER', 'CRON_TOO_MANY', ...JOB_ERRORS, ...STORE_ERRORS],
      }),
    },
    async (request) => {
      await authorizePlace(request, parts);
      const { token, ...change } = request.body;
      return cron.put(request.params, change, token);
    },
  );

  api.put<{ Params: Place; Querystring: { state?: JobState }; Body: { state?: JobState } | null }>(
    '/api/cron/:container/:name/state',
    {
      schema: describeRoute({
        summary: 'Has a cron job run, or rest',
        params: PATH_OF_WEBTASK,
        querystring: STATE_QUERY,
        body: STATE_BODY,
        answer: JOB,
        errors: ['CRON_UNKNOWN', ...JOB_ERRORS, ...STORE_ERRORS],
      }),
    },
    async (request) => {
      await authorizePlace(request, parts);
      return cron.setState(request.params, request.body?.state ?? request.query.state ?? 'active');
    },
  );

  api.get<{ Params: Place; Querystring: Page }>(
    '/api/cron/:container/:name/history',
    {
      schema: describeRoute({
        summary: 'Lists the results of a cron job, newest first',
        params: PATH_OF_WEBTASK,
        querystring: HISTORY_QUERY,
        answer: { type: 'array', items: RESULT },
        errors: ['CRON_UNKNOWN', ...STORE_ERRORS],
      }),
    },
    async (request) => {
      await authorizePlace(request, parts);
      return cron.history(request.params, pageOf(request.query));
    },
  );

  api.post<{ Params: Place }>(
    '/api/cron/:container/:name/run',
    {
      schema: describeRoute({
        summary: 'Runs a cron job now, whatever its schedule and state',
        params: PATH_OF_WEBTASK,
        answer: RESULT,
        errors: ['CRON_UNKNOWN', ...STORE_ERRORS],
      }),
      config: { limitedBy: 'run' },
    },
    async (request) => {
      await authorizePlace(request, parts);
      return cron.run(request.params);
    },
  );

  api.delete<{ Params: Place }>(
    '/api/cron/:container/:name',
    {
      schema: describeRoute({
        summary: 'Deletes a cron job, and leaves its webtask',
        params: PATH_OF_WEBTASK,
        answer: NOTHING,
        errors: ['CRON_UNKNOWN', ...STORE_ERRORS],
      }),
    },
    async (request, reply) => {
      await authorizePlace(request, parts);
      await cron.remove(request.params);
      return reply.code(204).send();
    },
  );
};

async function authorizePlace(request: FastifyRequest<{ Params: Place }>, parts: ApiParts): Promise<void> {
  const { container, name } = request.params;
  await authorizeManagement(request, container, parts, name);
}

function pageOf({ offset, limit }: Page): Page {
  return { offset, limit: Math.min(limit, MAX_PAGE) };
}

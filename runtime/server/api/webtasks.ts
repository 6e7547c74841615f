import type { FastifyRequest } from 'fastify';
import { fail } from '../../errors.ts';
import { deleteWebtask } from '../registry/delete-webtask.ts';
import { describeWebtask, type WebtaskDescription } from '../registry/describe-webtask.ts';
import type { ApiParts, Routes } from './api.ts';
import { authorizeManagement, identifyCaller } from './authorize.ts';
import { describeRoute, NOTHING } from './describe.ts';
import {
  CODE_ERRORS,
  FLAG,
  ISSUING_ERRORS,
  isOn,
  NAME_ERRORS,
  PATH_OF_CONTAINER,
  PATH_OF_WEBTASK,
  readMetaFilter,
  WEBTASK,
} from './schemas.ts';

interface ListQuery {
  readonly offset: number;
  readonly limit: number;
  readonly meta: readonly string[];
  readonly fetch_code?: string;
}

const LIST_QUERY = {
  type: 'object',
  properties: {
    offset: { type: 'integer', minimum: 0, default: 0 },
    limit: { type: 'integer', minimum: 0, default: 100, description: 'at most 100 are given' },
    meta: {
      type: 'array',
      items: { type: 'string', pattern: '^[^:]+:' },
      default: [],
      description: '`key:value`; a webtask has all of them',
    },
    fetch_code: FLAG,
  },
} as const;

const READ_QUERY = { type: 'object', properties: { decrypt: FLAG, fetch_code: FLAG } } as const;

const NEW_WEBTASK = {
  type: 'object',
  properties: {
    code: { type: 'string' },
    url: { type: 'string' },
    secrets: { type: 'object', additionalProperties: { type: 'string' } },
    meta: { type: 'object', additionalProperties: { type: 'string' } },
    host: { type: 'string' },
  },
} as const;

const WEBTASKS = { type: 'array', items: WEBTASK } as const;

const MAX_PAGE = 100;
/** Characters of code in one list. */
const MAX_LISTED_CODE = 32 * 1024 * 1024;

/**
 * Named webtasks: `/api/webtask`, `/api/webtask/{container}`, `/api/webtask/{container}/{name}`.
 *
 * @see protocol reference 6.1
 */
export const addWebtaskRoutes: Routes = (api, parts) => {
  api.get<{ Querystring: ListQuery }>(
    '/api/webtask',
    {
      schema: describeRoute({
        summary: 'Lists the webtasks of all containers',
        querystring: LIST_QUERY,
        answer: WEBTASKS,
        errors: ['LIST_TOO_LARGE', ...CODE_ERRORS],
      }),
    },
    async (request) => {
      await authorizeManagement(request, undefined, parts);
      return list(request, undefined, parts);
    },
  );

  api.get<{ Params: { container: string }; Querystring: ListQuery }>(
    '/api/webtask/:container',
    {
      schema: describeRoute({
        summary: 'Lists the webtasks of a container',
        params: PATH_OF_CONTAINER,
        querystring: LIST_QUERY,
        answer: WEBTASKS,
        errors: ['LIST_TOO_LARGE', ...CODE_ERRORS],
      }),
    },
    async (request) => {
      const { container } = request.params;
      await authorizeManagement(request, container, parts);
      return list(request, container, parts);
    },
  );

  api.get<{ Params: { container: string; name: string }; Querystring: { decrypt?: string; fetch_code?: string } }>(
    '/api/webtask/:container/:name',
    {
      schema: describeRoute({
        summary: 'Reads a webtask',
        params: PATH_OF_WEBTASK,
        querystring: READ_QUERY,
        answer: WEBTASK,
        errors: ['WEBTASK_UNKNOWN', ...CODE_ERRORS],
      }),
    },
    async (request) => {
      const { container, name } = request.params;
      await authorizeManagement(request, container, parts, name);
      const named = (await parts.registry.getNamed(container, name)) ?? fail('WEBTASK_UNKNOWN', { container, name });
      const { decrypt, fetch_code } = request.query;
      return describeWebtask(named, parts, { decrypt: isOn(decrypt), fetchCode: isOn(fetch_code) });
    },
  );

  api.put<{ Params: { container: string; name: string }; Body: Record<string, unknown> }>(
    '/api/webtask/:container/:name',
    {
      schema: describeRoute({
        summary: 'Creates a webtask, or replaces it whole',
        params: PATH_OF_WEBTASK,
        body: NEW_WEBTASK,
        answer: WEBTASK,
        errors: ISSUING_ERRORS,
      }),
    },
    async (request) => {
      const { container, name } = request.params;
      await authorizeManagement(request, container, parts, name);
      const { secrets, ...others } = request.body;
      if (others.code === undefined && others.url === undefined) {
        fail('REQUEST_INVALID', { reason: 'body must have `code` or `url`' });
      }
      // What else is asked for is a claim, or refused as an unknown one.
      const claims = { ...others, ten: container, jtn: name, ...(secrets !== undefined && { ectx: secrets }) };
      const { named } = await parts.issue(claims, await identifyCaller(request, parts), Date.now() / 1000);
      return describeWebtask(named ?? fail('WEBTASK_UNKNOWN', { container, name }), parts, {});
    },
  );

  api.delete<{ Params: { container: string; name: string } }>(
    '/api/webtask/:container/:name',
    {
      schema: describeRoute({
        summary: 'Deletes a webtask, its document and its cron job',
        params: PATH_OF_WEBTASK,
        answer: NOTHING,
        errors: ['WEBTASK_UNKNOWN', ...NAME_ERRORS],
      }),
    },
    async (request, reply) => {
      const { container, name } = request.params;
      await authorizeManagement(request, container, parts, name);
      if (!(await deleteWebtask(container, name, parts))) fail('WEBTASK_UNKNOWN', { container, name });
      return reply.code(204).send();
    },
  );
};

async function list(
  request: FastifyRequest<{ Querystring: ListQuery }>,
  container: string | undefined,
  parts: ApiParts,
): Promise<WebtaskDescription[]> {
  const { offset, limit, meta, fetch_code } = request.query;
  const options = { offset, limit: Math.min(limit, MAX_PAGE), meta: readMetaFilter(meta) };
  const found = await parts.registry.listNamed(container, options);
  const described: WebtaskDescription[] = [];
  let codeLength = 0;
  // One after another: the code of a hundred webtasks need not be on its way at once.
  for (const named of found) {
    const description = await describeWebtask(named, parts, { fetchCode: isOn(fetch_code) });
    codeLength += description.code?.length ?? 0;
    if (codeLength > MAX_LISTED_CODE) fail('LIST_TOO_LARGE', { max: MAX_LISTED_CODE });
    described.push(description);
  }
  return described;
}

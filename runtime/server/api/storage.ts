import { storageKey } from '../../context/index.ts';
import { fail, WebtaskError } from '../../errors.ts';
import type { Item } from '../../store/index.ts';
import type { ApiParts, Routes } from './api.ts';
import { authorizeManagement } from './authorize.ts';
import { describeRoute } from './describe.ts';
import { NAME_ERRORS, PATH_OF_WEBTASK } from './schemas.ts';

interface Path {
  readonly container: string;
  readonly name: string;
}

/** What is to be stored: JSON text, and the version that it replaces (`null` for none; whatever there is by default). */
interface Body {
  readonly data: string;
  readonly etag?: string | null;
}

const BODY = {
  type: 'object',
  required: ['data'],
  properties: {
    data: { type: 'string', description: 'JSON text, at most 500 KB' },
    etag: { type: ['string', 'null'] },
  },
} as const;

const ANSWER = {
  type: 'object',
  required: ['data'],
  properties: { data: { type: 'string', description: 'JSON text' }, etag: { type: 'string' } },
} as const;

const EMPTY = { data: '{}' };

/**
 * The document of a webtask: `/api/webtask/{container}/{name}/data`.
 *
 * @see protocol reference 3.6, 6.1
 */
export const addStorageRoutes: Routes = (api, parts) => {
  api.get<{ Params: Path }>(
    '/api/webtask/:container/:name/data',
    {
      schema: describeRoute({
        summary: 'Reads the document of a webtask',
        params: PATH_OF_WEBTASK,
        answer: ANSWER,
        errors: ['WEBTASK_UNKNOWN', ...NAME_ERRORS],
      }),
    },
    async (request) => {
      const { container, name } = request.params;
      await authorizeManagement(request, container, parts, name);
      await checkWebtask(request.params, parts);
      const item = await (await parts.openDocuments()).get(storageKey(container, name));
      return item ? toAnswer(item) : EMPTY;
    },
  );

  api.put<{ Params: Path; Body: Body }>(
    '/api/webtask/:container/:name/data',
    {
      schema: describeRoute({
        summary: 'Replaces the document of a webtask',
        description: 'The data `null` removes it. With an etag, only where that is still the current one.',
        params: PATH_OF_WEBTASK,
        body: BODY,
        answer: { type: 'object', properties: { etag: { type: 'string' } } },
        errors: ['WEBTASK_UNKNOWN', 'STORAGE_CHANGED', 'STORE_ITEM_TOO_LARGE', 'QUOTA_EXCEEDED', ...NAME_ERRORS],
      }),
    },
    async (request, reply) => {
      const { container, name } = request.params;
      const { data, etag } = request.body;
      await authorizeManagement(request, container, parts, name);
      await checkWebtask(request.params, parts);
      const documents = await parts.openDocuments();
      const document = parseData(data);
      const key = storageKey(container, name);
      const written = await (document === null
        ? documents.remove(key, etag)
        : documents.put(key, document, { expected: etag }));
      if (written.ok) return document === null ? {} : { etag: written.version };
      const { status, message } = new WebtaskError('STORAGE_CHANGED', {});
      const there = written.current ? toAnswer(written.current) : EMPTY;
      return reply.code(status).send({ code: status, message, req_id: request.id, conflict: there });
    },
  );
};

async function checkWebtask({ container, name }: Path, { registry }: ApiParts): Promise<void> {
  if (!(await registry.getNamed(container, name))) fail('WEBTASK_UNKNOWN', { container, name });
}

function parseData(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return fail('REQUEST_INVALID', { reason: 'body/data must be JSON text' });
  }
}

function toAnswer({ value, version }: Item): { data: string; etag: string } {
  return { data: JSON.stringify(value), etag: version };
}

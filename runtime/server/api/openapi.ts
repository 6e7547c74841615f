import type { FastifyInstance } from 'fastify';
import { version } from '../../version.ts';
import type { Routes } from './api.ts';
import { describeRoute, ERROR_SCHEMA } from './describe.ts';
import { RUN_PATHS } from './run-paths.ts';

/**
 * Has the OpenAPI document made from the schemas of the routes that are added afterwards.
 *
 * @param baseUrl - where the server is
 */
export async function collectRoutes(api: FastifyInstance, baseUrl: string): Promise<void> {
  const { default: swagger } = await import('@fastify/swagger');
  await api.register(swagger, {
    stripBasePath: false,
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'webtask-kit',
        version: version(),
        description: 'The Webtask API: webtasks under names, the tokens that run them, and what belongs to them.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: baseUrl }],
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'a token, or the master key' },
          key: { type: 'apiKey', in: 'query', name: 'key', description: 'the same; the header wins' },
        },
      },
      paths: RUN_PATHS,
    },
    refResolver: {
      buildLocalReference: ({ $id }, _base, _fragment, i) => (typeof $id === 'string' ? $id : `def-${i}`),
    },
    transform: ({ schema, url }) => ({
      schema: { tags: [url.split('/')[2] ?? 'server'], ...schema },
      url: url.replace('*', ':path'),
    }),
  });
  api.addSchema(ERROR_SCHEMA);
}

/** `GET /api/openapi.json`: this API, as an OpenAPI document. */
export const addDocumentRoutes: Routes = (api) => {
  api.get(
    '/api/openapi.json',
    {
      schema: describeRoute({
        summary: 'Describes this API',
        answer: { type: 'object', description: 'an OpenAPI 3.1 document' },
        open: true,
      }),
    },
    async () => api.swagger(),
  );
};

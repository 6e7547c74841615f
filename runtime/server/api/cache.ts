import { fail } from '../../errors.ts';
import type { Routes } from './api.ts';
import { authorizeManagement } from './authorize.ts';
import { describeRoute, NOTHING } from './describe.ts';
import { PATH_OF_CONTAINER, PATH_OF_WEBTASK } from './schemas.ts';

/**
 * What this server has compiled: `DELETE /api/cache/{container}` and `/api/cache/{container}/{name}` forget it.
 *
 * @see protocol reference 2.9
 */
export const addCacheRoutes: Routes = (api, parts) => {
  const forget = (container: string, name?: string): void => {
    if (parts.runner.forget(container, name) === 0) {
      fail('NOT_CACHED', { what: name === undefined ? container : `${container}/${name}` });
    }
  };

  api.delete<{ Params: { container: string } }>(
    '/api/cache/:container',
    {
      schema: describeRoute({
        summary: 'Forgets what is compiled of a container',
        params: PATH_OF_CONTAINER,
        answer: NOTHING,
        errors: ['NOT_CACHED'],
      }),
    },
    async (request, reply) => {
      const { container } = request.params;
      await authorizeManagement(request, container, parts);
      forget(container);
      return reply.code(204).send();
    },
  );

  api.delete<{ Params: { container: string; name: string } }>(
    '/api/cache/:container/:name',
    {
      schema: describeRoute({
        summary: 'Forgets what is compiled of a webtask',
        params: PATH_OF_WEBTASK,
        answer: NOTHING,
        errors: ['NOT_CACHED'],
      }),
    },
    async (request, reply) => {
      const { container, name } = request.params;
      await authorizeManagement(request, container, parts, name);
      forget(container, name);
      return reply.code(204).send();
    },
  );
};

import { LIMITS } from '../limits/index.ts';
import type { Routes } from './api.ts';
import { authorizeManagement, checkManagement, identifyCaller } from './authorize.ts';
import { describeRoute, NOTHING } from './describe.ts';
import { PATH_OF_CONTAINER } from './schemas.ts';

const PATH_OF_TOKEN = {
  type: 'object',
  properties: { jti: { type: 'string', minLength: 1, maxLength: 512, description: 'id of the token' } },
} as const;

const DESCRIPTION =
  'How many runs are left in the window that is open. 0 where nothing is left, and where nothing is counted.';

/**
 * What is left of rate limits: `/api/limits/container/{container}` and `/api/limits/token/{jti}`; `DELETE` has them
 * begin anew.
 *
 * @see protocol reference 5.7
 */
export const addLimitRoutes: Routes = (api, parts) => {
  api.get<{ Params: { container: string } }>(
    '/api/limits/container/:container',
    {
      schema: describeRoute({
        summary: 'Reads what is left of the rate limits of a container',
        params: PATH_OF_CONTAINER,
        answer: answerOf('container'),
      }),
    },
    async (request) => {
      const { container } = request.params;
      await authorizeManagement(request, container, parts);
      return parts.limits.ofContainer(container);
    },
  );

  api.get<{ Params: { jti: string } }>(
    '/api/limits/token/:jti',
    {
      schema: describeRoute({
        summary: 'Reads what is left of the rate limits of a token',
        description: 'Nothing is counted for a caller who does not manage the containers of the token.',
        params: PATH_OF_TOKEN,
        answer: answerOf('token'),
      }),
    },
    async (request) => {
      const { ten, ...claims } = (await identifyCaller(request, parts)).claims;
      checkManagement(claims, undefined);
      return parts.limits.ofToken(request.params.jti, ten);
    },
  );

  api.delete<{ Params: { container: string } }>(
    '/api/limits/container/:container',
    {
      schema: describeRoute({
        summary: 'Has the rate limits of a container begin anew',
        params: PATH_OF_CONTAINER,
        answer: NOTHING,
      }),
    },
    async (request, reply) => {
      await authorizeManagement(request, undefined, parts);
      await parts.limits.resetContainer(request.params.container);
      return reply.code(204).send();
    },
  );

  api.delete<{ Params: { jti: string } }>(
    '/api/limits/token/:jti',
    {
      schema: describeRoute({
        summary: 'Has the rate limits of a token begin anew',
        params: PATH_OF_TOKEN,
        answer: NOTHING,
      }),
    },
    async (request, reply) => {
      await authorizeManagement(request, undefined, parts);
      await parts.limits.resetToken(request.params.jti);
      return reply.code(204).send();
    },
  );
};

function answerOf(kind: keyof typeof LIMITS) {
  const claims = Object.entries(LIMITS[kind]);
  return {
    type: 'object',
    description: DESCRIPTION,
    properties: Object.fromEntries(claims.map(([claim, period]) => [claim, { type: 'integer', description: period }])),
  };
}

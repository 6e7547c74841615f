import { framingFor, streamLogs } from '../logs/index.ts';
import type { Routes } from './api.ts';
import { authorizeManagement } from './authorize.ts';
import { describeRoute, textAnswer } from './describe.ts';
import { PATH_OF_CONTAINER } from './schemas.ts';

const QUERY = {
  type: 'object',
  properties: { name: { type: 'string', minLength: 1, maxLength: 512, description: 'the one webtask to tell of' } },
} as const;

/**
 * The logs of a container as they come: `GET /api/logs/tenant/{container}`.
 *
 * @see protocol reference 6.4
 */
export const addLogRoutes: Routes = (api, parts) => {
  api.get<{ Params: { container: string }; Querystring: { name?: string } }>(
    '/api/logs/tenant/:container',
    {
      schema: describeRoute({
        summary: 'Streams the logs of a container',
        description:
          'Records as bunyan writes them, from now on: as events where `Accept` has `text/event-stream`, otherwise a line each.',
        params: PATH_OF_CONTAINER,
        querystring: QUERY,
        answer: textAnswer('application/x-ndjson', 'A record a line.'),
        errors: ['QUOTA_EXCEEDED'],
      }),
    },
    async (request, reply) => {
      const { container } = request.params;
      const { name } = request.query;
      const check = () => authorizeManagement(request, container, parts, name);
      await check();
      const framing = framingFor(request.headers.accept);
      if (request.method === 'HEAD') return reply.type(framing.type).send();
      parts.quotas.checkLogStreams(container, parts.logs.count(container));
      reply.hijack(); // the answer has no end that Fastify could wait for
      for (const [header, value] of Object.entries(reply.getHeaders())) reply.raw.setHeader(header, value ?? '');
      streamLogs(reply.raw, { logs: parts.logs, container, name, framing, check });
    },
  );
};

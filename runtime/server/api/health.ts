import type { Routes } from './api.ts';
import { describeRoute } from './describe.ts';
import { checkOwnHost } from './own-host.ts';

const OK = { type: 'object', required: ['status'], properties: { status: { type: 'string', const: 'ok' } } } as const;

/** For who starts, stops and watches the server: `/healthz` and `/readyz`, on its own hosts only. */
export const addHealthRoutes: Routes = (api, parts) => {
  api.get(
    '/healthz',
    {
      schema: describeRoute({
        summary: 'Says that the process is alive',
        description: 'Depends on nothing else: who gets no answer restarts the server.',
        answer: OK,
        errors: ['ROUTE_UNKNOWN'],
        open: true,
      }),
    },
    async (request) => {
      checkOwnHost(request, parts);
      return { status: 'ok' };
    },
  );

  api.get(
    '/readyz',
    {
      schema: describeRoute({
        summary: 'Says whether the server can answer',
        description:
          'It cannot while its store does not answer, nor when it is being stopped: send requests elsewhere.',
        answer: OK,
        errors: ['ROUTE_UNKNOWN', 'NOT_READY'],
        open: true,
      }),
    },
    async (request) => {
      checkOwnHost(request, parts);
      await parts.readiness.check();
      return { status: 'ok' };
    },
  );
};

import { readQuery } from '../../context/index.ts';
import { readCredential } from '../run/credential.ts';
import type { Routes } from './api.ts';
import { authorizeManagement } from './authorize.ts';
import { describeRoute, textAnswer } from './describe.ts';
import { checkOwnHost } from './own-host.ts';

/** `GET /metrics`: what the server counts, for Prometheus. */
export const addMetricsRoutes: Routes = (api, parts) => {
  api.get(
    '/metrics',
    {
      schema: describeRoute({
        summary: 'Gives the metrics of this server',
        description: 'For the token of `WEBTASK_METRICS_TOKEN`, and for whoever manages the whole cluster.',
        answer: textAnswer('text/plain', 'Metrics in the text format of Prometheus.'),
        errors: ['ROUTE_UNKNOWN'],
      }),
    },
    async (request, reply) => {
      checkOwnHost(request, parts);
      const credential = readCredential(request.raw, readQuery(request.raw.url ?? '/').reserved);
      if (!parts.mayReadMetrics(credential)) await authorizeManagement(request, undefined, parts);
      const { type, text } = await parts.metrics.text();
      return reply.type(type).send(text);
    },
  );
};

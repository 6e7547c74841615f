import { fail } from '../../errors.ts';
import type { ModuleSpec } from '../../modules/index.ts';
import type { Routes } from './api.ts';
import { checkManagement, identifyCaller } from './authorize.ts';
import { describeRoute } from './describe.ts';
import { FLAG, isOn } from './schemas.ts';

/** The most modules in one request, which the original's own tools keep to. */
const MOST = 50;

const text = { type: 'string' } as const;
const moduleSpec = {
  type: 'object',
  properties: { name: text, version: text },
  required: ['name', 'version'],
} as const;
const states = {
  type: 'array',
  items: {
    type: 'object',
    properties: { name: text, version: text, state: { type: 'string', enum: ['queued', 'available', 'failed'] } },
  },
} as const;

/**
 * `/api/env/node/modules`: which modules are there, and having them provided.
 *
 * @see protocol reference 6.1
 */
export const addModuleRoutes: Routes = (api, parts) => {
  // The original clients do not encode the slash of a scoped name, and send no credential.
  api.get<{ Params: { '*': string } }>(
    '/api/env/node/modules/*',
    {
      schema: describeRoute({
        summary: 'Lists the versions of a module that are here',
        params: {
          type: 'object',
          properties: { '*': { ...text, description: 'name of the module, its slash as it is' } },
        },
        answer: states,
        errors: ['MODULE_INVALID', 'MODULE_UNAVAILABLE'],
        open: true,
      }),
    },
    (request) => parts.modules.list(request.params['*']),
  );

  api.post<{ Body: { modules: ModuleSpec[] }; Querystring: { reset?: string } }>(
    '/api/env/node/modules',
    {
      schema: describeRoute({
        summary: 'Has modules provided',
        querystring: { type: 'object', properties: { reset: FLAG } },
        body: {
          type: 'object',
          properties: { modules: { type: 'array', items: moduleSpec, maxItems: MOST } },
          required: ['modules'],
        },
        answer: states,
        errors: ['MODULE_INVALID', 'MODULES_WAITING', 'MODULES_BUSY'],
      }),
    },
    async (request) => {
      const { claims } = await identifyCaller(request, parts);
      const reset = isOn(request.query.reset);
      // All containers share what is there.
      if (reset) checkManagement(claims, undefined);
      else if (claims.url !== undefined || claims.ectx !== undefined) fail('ADMIN_REFUSED');
      return parts.modules.request(request.body.modules, reset, claims.ten);
    },
  );
};

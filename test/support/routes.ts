import { fastify } from 'fastify';
import type { ApiParts } from '../../runtime/server/api/api.ts';
import { collectRoutes } from '../../runtime/server/api/openapi.ts';
import { RESOURCES } from '../../runtime/server/api/resources.ts';

/** A route of the management API, as it is registered. */
export interface Route {
  readonly method: string;
  /** As Fastify writes it: `/api/webtask/:container`. */
  readonly url: string;
  readonly schema: {
    readonly summary?: string;
    readonly params?: { readonly properties: Record<string, unknown> };
    readonly querystring?: { readonly properties: Record<string, unknown> };
    readonly body?: object;
    readonly security?: readonly object[];
    readonly response?: Record<string, object>;
  };
}

/** Every route of the management API: a new one is found too. None of them can be called. */
export async function registeredRoutes(): Promise<Route[]> {
  const routes: Route[] = [];
  const api = fastify();
  api.setSerializerCompiler(() => JSON.stringify);
  api.addHook('onRoute', ({ method, url, schema }) => {
    if (method !== 'HEAD') routes.push({ method: String(method), url, schema: (schema ?? {}) as Route['schema'] });
  });
  await collectRoutes(api, 'http://localhost');
  // What handlers work with is asked for when they are called.
  for (const addRoutes of RESOURCES) addRoutes(api, {} as ApiParts);
  await api.ready();
  await api.close();
  return routes;
}

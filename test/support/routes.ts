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

/** What routes take, where it is more than the smallest value of their schema; NAME is the name of a webtask. */
export const GOOD_BODIES: Readonly<Record<string, object>> = {
  'POST /api/tokens/issue': { ten: 'test', jtn: 'NAME', code: 'return cb => cb(null, "new")' },
  'PUT /api/webtask/:container/:name': { code: 'return cb => cb(null, "new")' },
  'PUT /api/cron/:container/:name': { schedule: '0 0 2 2 *' },
  'PUT /api/webtask/:container/:name/data': { data: '"new"' },
};

/** The smallest value that a schema takes. */
export function sampleOf(schema: object): unknown {
  const it = schema as { type?: string | string[]; enum?: unknown[]; const?: unknown; default?: unknown } & {
    required?: string[];
    properties?: Record<string, object>;
    minimum?: number;
  };
  if (it.const !== undefined) return it.const;
  if (it.default !== undefined) return it.default;
  if (it.enum !== undefined) return it.enum[0];
  switch ([it.type].flat()[0]) {
    case 'object':
      return Object.fromEntries((it.required ?? []).map((name) => [name, sampleOf(it.properties?.[name] ?? {})]));
    case 'array':
      return [];
    case 'integer':
    case 'number':
      return it.minimum ?? 0;
    case 'boolean':
      return true;
    default:
      return '1';
  }
}

/** A request that a route takes: its path with what is given for its parts, and a body. */
export function requestTo(
  route: Route,
  parts: Readonly<Record<string, string>>,
): { method: string; path: string; headers: Record<string, string>; body?: string } {
  const { method, url, schema } = route;
  const path = url.replace(/:(\w+)|\*/g, (_, name = '*') => parts[name] ?? sampleText(schema.params?.properties[name]));
  const query = sampleOf({ type: 'object', ...schema.querystring }) as Record<string, string>; // of an object
  const given = { ...query, ...pick(parts, schema.querystring?.properties ?? {}) };
  const text = Object.keys(given).length === 0 ? '' : `?${new URLSearchParams(given)}`;
  if (schema.body === undefined) return { method, path: path + text, headers: {} };
  const body = JSON.stringify(sampleOf(schema.body));
  return { method, path: path + text, headers: { 'Content-Type': 'application/json' }, body };
}

function sampleText(schema: unknown): string {
  return encodeURIComponent(String(sampleOf((schema as object | undefined) ?? {})));
}

function pick(from: Readonly<Record<string, string>>, names: object): Record<string, string> {
  return Object.fromEntries(Object.entries(from).filter(([name]) => name in names));
}

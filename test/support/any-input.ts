import { request } from 'node:http';
import fc from 'fast-check';
import { ERRORS, type ErrorCode } from '../../runtime/errors.ts';
import { type Route, requestTo, sampleOf } from './routes.ts';
import type { Answer, Question } from './server.ts';

/** A request as it is sent: path as written, headers, bytes. */
export interface AnyRequest extends Question {
  readonly method: string;
  readonly path: string;
}

/**
 * Sends a request and reads its answer, of one without an end only the beginning.
 *
 * @param url - of the server
 */
export function askBriefly(url: string, { method, path, headers = {}, body }: AnyRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) };
    const asked = request(url, { path, method, headers: { ...length, ...headers }, agent: false }, (res) => {
      const { statusCode: status = 0, headers } = res;
      if (/event-stream|ndjson/.test(headers['content-type'] ?? '')) {
        asked.destroy();
        return resolve({ status, headers, body: '' });
      }
      let text = '';
      res.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      res.once('end', () => resolve({ status, headers, body: text }));
      res.once('error', reject);
    });
    asked.once('error', reject).end(body);
  });
}

/**
 * Finds the error that an answer has.
 *
 * @throws where the answer has none that has a name: not its status and message in JSON
 */
export function errorOf({ status, body }: Answer): ErrorCode {
  const { code, message } = JSON.parse(body) as { code: unknown; message: unknown };
  if (code !== status || typeof message !== 'string') throw new Error(`an error of another form: ${status} ${body}`);
  for (const [name, { status: its, text }] of Object.entries(ERRORS)) {
    const pattern = text.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{\w+\}/g, '[^]*');
    const isIt = its === status && text !== '{reason}' && new RegExp(`^${pattern}$`).test(message);
    if (isIt) return name as ErrorCode; // a key of the table
  }
  if (status === ERRORS.REQUEST_INVALID.status) return 'REQUEST_INVALID';
  throw new Error(`an error without a name: ${status} ${body}`);
}

const STRANGE = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '', ' ', '.', '..', '\0', '💥', '\ud800'];
const text = fc.oneof(
  fc.constantFrom(...STRANGE),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.integer({ min: 100, max: 1200 }).map((length) => 'x'.repeat(length)),
);

/** Part of a path or query, as it is written; some of it decodes to nothing. */
const written = fc.oneof(
  { weight: 4, arbitrary: text.map(encode) },
  fc.constantFrom('%', '%zz', '%00', '%ff', '%c0%af', '%2e%2e', '%2F', '..', ';', '%F0%9F', '[]', '*'),
);

const numbers = fc.constantFrom(0, -1, 1.5, 1e308, -0, Number.MAX_SAFE_INTEGER + 2, 2 ** 31, 2 ** 63);
const json = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  numbers,
  text,
  fc.constantFrom(null, true, [], {}, [[]], [null], { length: 1 }, { toString: 1 }),
  fc.dictionary(text, fc.jsonValue({ maxDepth: 1 }), { maxKeys: 4 }),
);

/** Bytes that are no JSON, or JSON that hardly anybody expects. */
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 60 }).map((it) => Buffer.from(it)),
  fc.constantFrom(
    '',
    '{',
    '[1,',
    '"\\ud800"',
    '{"a":1e400}',
    '{"__proto__":{"polluted":1}}',
    '{"constructor":{"prototype":{"polluted":1}}}',
    '\ufeff{}',
    `${'['.repeat(20_000)}${']'.repeat(20_000)}`,
    `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`,
    `{"a":${'9'.repeat(5_000)}}`,
    `"${'y'.repeat(300_000)}"`,
  ),
);

const odd = fc.constantFrom(
  'application/json; charset=utf-16',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'text/plain',
  'application/octet-stream',
  'x',
  'application/json, text/plain',
  '/',
);

const types = fc.oneof({ weight: 9, arbitrary: fc.constant('application/json') }, odd);

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'];

/** Members of bodies that a route takes, where it has them. */
const GOOD = { code: 'return cb => cb(null, "paid")', data: '1', schedule: '0 0 1 1 *', state: 'active' };

/** The bodies of a route: what it takes, with something wrong; or anything. */
function bodiesOf({ schema }: Route): fc.Arbitrary<string | Buffer> {
  const { properties = {} } = (schema.body ?? {}) as { properties?: Record<string, object> };
  const names = [...Object.keys(properties), 'ten', 'jtn', 'url', 'code', 'meta', 'exp', 'pctx', 'ectx', 'ls'];
  const kept = Object.fromEntries(Object.entries(GOOD).filter(([name]) => name in properties));
  const changed = fc.dictionary(fc.constantFrom(...names), json, { maxKeys: 2 }).map((change) => {
    const sample = schema.body === undefined ? {} : sampleOf(schema.body);
    return JSON.stringify({ ...(sample as object), ...kept, ...change }); // spreading what is no object gives none
  });
  return fc.oneof(
    { weight: 6, arbitrary: changed },
    json.map((it) => JSON.stringify(it) ?? ''),
    bytes,
  );
}

/**
 * Makes requests that go to one route, or nearly: its method or another, any parts of its path, any query, headers and
 * body, with a credential that is good or not.
 *
 * @param known - parts of paths that name something that is there
 * @param credentials - good ones
 */
export function requestsTo(
  route: Route,
  known: Readonly<Record<string, string>>,
  credentials: readonly string[],
): fc.Arbitrary<AnyRequest> {
  const names = [...route.url.matchAll(/:(\w+)|\*/g)].map(([, name = '*']) => name);
  const part = (name: string) => fc.oneof({ weight: 3, arbitrary: fc.constant(known[name] ?? 'a') }, written);
  const ofRoute = Object.keys(route.schema.querystring?.properties ?? {});
  const keys = fc.oneof(fc.constantFrom(...ofRoute, 'key', 'token', 'webtask_url', 'webtask_no_cache'), written);
  const { path } = requestTo({ ...route, schema: { ...route.schema, params: { properties: {} } } }, known);
  const sample = path.split('?')[1] ?? '';
  const takesBody = route.schema.body !== undefined || route.url.startsWith('/api/run');
  const given = fc.option(fc.string({ unit: 'binary', maxLength: 20 }).map(latin), { nil: undefined });
  return fc
    .record({
      method: fc.oneof({ weight: 6, arbitrary: fc.constant(route.method) }, fc.constantFrom(...METHODS)),
      parts: fc.record(Object.fromEntries(names.map((name) => [name, part(name)]))),
      query: fc.array(fc.tuple(keys, written), { maxLength: 4 }),
      withSample: fc.boolean(),
      type: fc.option(types, { nil: undefined }),
      authorization: fc.oneof(
        { weight: 4, arbitrary: fc.constantFrom(...credentials.map((it) => `Bearer ${it}`)) },
        fc.constantFrom(undefined, '', 'Bearer', 'Bearer  ', 'Basic YTpi', 'Bearer a.b.c', 'Bearer ......', 'bearer x'),
        fc.string({ unit: 'binary', maxLength: 40 }).map(latin),
      ),
      accept: given,
      origin: given,
      body: fc.oneof(
        { weight: takesBody ? 1 : 9, arbitrary: fc.constant(undefined) },
        { weight: takesBody ? 9 : 1, arbitrary: bodiesOf(route) },
      ),
    })
    .map(({ method, parts, query, withSample, type, authorization, accept, origin, body }) => {
      const filled = route.url.replace(/:(\w+)|\*/g, (_, name = '*') => (parts as Record<string, string>)[name] ?? '');
      const pairs = [...(withSample && sample ? [sample] : []), ...query.map(([key, value]) => `${key}=${value}`)];
      const headers = {
        ...(type !== undefined && { 'Content-Type': type }),
        ...(authorization !== undefined && { Authorization: authorization }),
        ...(accept !== undefined && { Accept: accept }),
        ...(origin !== undefined && { Origin: origin }),
      };
      const sent = body === undefined || ['GET', 'HEAD', 'TRACE'].includes(method) ? {} : { body };
      return { method, path: [filled, ...(pairs.length > 0 ? [pairs.join('&')] : [])].join('?'), headers, ...sent };
    });
}

/** Half a character cannot be encoded. */
function encode(it: string): string {
  return encodeURIComponent(Buffer.from(it).toString());
}

/** What a header may hold. */
function latin(it: string): string {
  return it.replace(/[^\t\x20-\x7e\x80-\xff]/g, '');
}

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type RunningServer, startServer } from '../../runtime/server/index.ts';
import { type KeySet, loadKeySet, signToken } from '../../runtime/token/index.ts';
import { type Origin, startOrigin } from './origin.ts';

/**
 * Keeps blobs under paths, by the contract of the original's `store_code_s3`: the verbs, `data.method`, `no_location`,
 * the `Location` that `context.create_token_url` makes, and the errors. S3 is a bucket over HTTP.
 */
export const STORE_CODE = `
const http = require('http');

return function (ctx, req, res) {
  const answer = (status, text, headers) => { res.writeHead(status, headers || {}); res.end(text); };
  for (const name of ['access_key_id', 'secret_access_key', 'region', 'path', 'bucket'])
    if (typeof ctx.data[name] !== 'string') return answer(400, 'Missing ' + name + '.');
  if (typeof ctx.data.method === 'string') {
    if (req.method !== ctx.data.method) return answer(405, 'The verb must be ' + ctx.data.method + '.');
  } else if (req.method !== 'GET' && req.method !== 'PUT') return answer(405, 'The verb must be PUT or GET.');

  const object = ctx.data.bucket + '/' + encodeURIComponent(ctx.data.path);
  if (ctx.data.method === 'GET') {
    return http.get(object, (found) => {
      if (found.statusCode !== 200) { found.resume(); return answer(found.statusCode, 'The object cannot be read.'); }
      res.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Cache-Control': 'no-cache' });
      found.pipe(res);
    }).on('error', (error) => answer(502, error.message));
  }
  req.pipe(http.request(object, { method: 'PUT' }, (kept) => {
    kept.resume();
    if (kept.statusCode !== 200) return answer(502, 'The object cannot be written.');
    if (ctx.data.no_location) return answer(200);
    ctx.create_token_url({
      params: { method: 'GET', path: ctx.data.path },
      disable_parse_body: true,
      disable_merge_body: true,
      disable_self_revocation: true,
      delegation_depth: 0,
      issuer_url: ctx.data.issuer_url,
    }, (error, url) => error ? answer(502, error.message) : answer(200, '', { Location: url }));
  }).on('error', (error) => answer(502, error.message)));
};`;

/** Where a test has webtasks and their code. */
export interface CodeStoreBed {
  /** The cluster under test; its URL as of now. */
  readonly url: string;
  /** Claims for container `dev`, with delegation. */
  readonly token: string;
  /** What is in the bucket. */
  readonly objects: Map<string, Buffer>;
  /** The calls that the store got: method and query without its key. */
  readonly calls: string[];
  /** Has the store answer otherwise, until it is taken away. */
  fault: ((method: string, path: string) => number | 'hang' | undefined) | undefined;
  readonly messages: string[];
  create(name: string | undefined, code: string | undefined, claims?: object): Promise<Response>;
  run(path: string, init?: RequestInit): Promise<Response>;
  api(method: string, path: string, json?: object): Promise<Response>;
  /** The data folder and the settings of the cluster. */
  readonly dataFolder: string;
  readonly env: NodeJS.ProcessEnv;
  /** Another server of the same keys and code store, with an embedded store of its own. */
  startAnother(): Promise<RunningServer>;
}

const ENV = { WEBTASK_SIGNING_KEY: '11'.repeat(32), WEBTASK_ENCRYPTION_KEY: '22'.repeat(32) };

/**
 * Starts a cluster whose code is kept by {@link STORE_CODE}, which runs on a cluster of its own.
 *
 * Between the two is a way station, which records what is asked and can fail.
 */
export async function startCodeStoreBed(folder: string): Promise<CodeStoreBed & { close(): Promise<void> }> {
  const objects = new Map<string, Buffer>();
  const bucket = await startOrigin(async (req, res) => {
    const path = decodeURIComponent(req.url ?? '').slice(1);
    if (req.method === 'PUT') {
      const chunks: Buffer[] = [];
      for await (const chunk of req) chunks.push(chunk as Buffer);
      objects.set(path, Buffer.concat(chunks));
      return res.end();
    }
    const object = objects.get(path);
    return res.writeHead(object ? 200 : 404).end(object);
  });
  const calls: string[] = [];
  const messages: string[] = [];
  const state: { fault: CodeStoreBed['fault'] } = { fault: undefined };
  const running: RunningServer[] = [];
  const others: Origin[] = [bucket];

  const start = async (name: string, env: NodeJS.ProcessEnv, publicUrl?: string): Promise<RunningServer> => {
    const dataFolder = join(folder, name);
    mkdirSync(dataFolder, { recursive: true });
    const server = await startServer({
      isolation: 'inline',
      port: 0,
      host: '127.0.0.1',
      dataFolder,
      env: { ...ENV, ...env },
      publicUrl,
      allowedOrigins: [],
      limitMs: 2000,
      onLine: () => undefined,
      onError: (error) =>
        messages.push(`${error.message}${error.cause instanceof Error ? `: ${error.cause.message}` : ''}`),
    });
    running.push(server);
    return server;
  };
  const keys: KeySet = await loadKeySet({ dataFolder: folder, env: ENV });
  const now = Date.now() / 1000;
  let store: RunningServer | undefined;
  const station = await startOrigin(async (req, res) => {
    const url = new URL(req.url ?? '', 'http://station.test');
    const path = url.searchParams.get('path') ?? '';
    url.searchParams.delete('key');
    calls.push(`${req.method} ${decodeURIComponent(url.search)}`);
    const fault = state.fault?.(req.method ?? '', path);
    if (fault === 'hang') return;
    if (fault !== undefined) return void res.writeHead(fault).end('{}');
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const answer = await fetch(`${store?.url}${req.url}`, {
      method: req.method ?? 'GET',
      ...(req.method === 'PUT' && { body: Buffer.concat(chunks) }),
    });
    const location = answer.headers.get('location');
    res.writeHead(answer.status, location === null ? {} : { Location: location });
    res.end(Buffer.from(await answer.arrayBuffer()));
  });
  others.push(station);
  store = await start('store', {}, station.origin);
  const owner = signToken({ ten: 'ops', dd: 3 }, keys, now);
  const issued = await fetch(`${store.url}/api/tokens/issue`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${owner}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({
      ten: 'ops',
      code: STORE_CODE,
      dd: 1,
      ectx: { access_key_id: 'a', secret_access_key: 's', region: 'r', bucket: bucket.origin },
    }),
  });
  const key = await issued.text();
  const env = { WEBTASK_CODE_STORE_URL: `${station.origin}/api/run/ops?key=${key}` };
  const cluster = await start('cluster', env);
  const token = signToken({ jti: 'parent', ten: 'dev', dd: 5 }, keys, now);

  const api: CodeStoreBed['api'] = (method, path, json) =>
    fetch(cluster.url + path, {
      method,
      headers: { Authorization: `Bearer ${token}`, ...(json && { 'Content-Type': 'application/json' }) },
      ...(json && { body: JSON.stringify(json) }),
    });
  return {
    url: cluster.url,
    dataFolder: join(folder, 'cluster'),
    env: { ...ENV, ...env },
    token,
    objects,
    calls,
    messages,
    get fault() {
      return state.fault;
    },
    set fault(fault) {
      state.fault = fault;
    },
    api,
    create: (name, code, claims = {}) => api('POST', '/api/tokens/issue', { ten: 'dev', jtn: name, code, ...claims }),
    run: (path, init) => fetch(`${cluster.url}/api/run/dev${path}`, init),
    startAnother: () => start(`another-${running.length}`, env, cluster.url),
    async close() {
      for (const server of running) await server.close();
      for (const origin of others) await origin.close();
    },
  };
}

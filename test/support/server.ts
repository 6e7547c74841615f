import { mkdtempSync } from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import { request as requestByTls } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256Hex } from '../../runtime/code/index.ts';
import type { WebtaskError } from '../../runtime/errors.ts';
import { type RunningServer, type ServerOptions, startServer } from '../../runtime/server/index.ts';
import { type KeySet, loadKeySet, sealSecrets, signToken, type TokenClaims } from '../../runtime/token/index.ts';
import { removeData, testIsolation, testPackages } from './isolation.ts';
import { startOrigin } from './origin.ts';
import { storeSettings } from './table.ts';

/** The keys of a cluster, as its settings say them: signing, and sealing with `dir`. */
export const CLUSTER = { WEBTASK_SIGNING_KEY: '11'.repeat(32), WEBTASK_ENCRYPTION_KEY: '22'.repeat(32) };

/** Signs claims for a server whose keys are those of `CLUSTER`. */
export async function clusterToken(claims: TokenClaims): Promise<string> {
  return signToken({ dd: 0, ...claims }, await loadKeySet({ dataFolder: '', env: CLUSTER }), Date.now() / 1000);
}

/** A server with an origin that it may fetch code from. */
export interface TestServer {
  readonly url: string;
  /** What `/<file>` of the origin answers with, once it is there. */
  readonly files: Record<string, string | Promise<string>>;
  /** The URL of a file. */
  urlOf(file: string): string;
  readonly keys: KeySet;
  /** Signs claims, for container `test` where they say nothing else. */
  sign(claims?: TokenClaims, now?: number): string;
  /** Mints a token as wt-build does: for code at its URL, by its hash, with sealed secrets. */
  mint(file: string, code: string, claims?: TokenClaims, secrets?: Record<string, string>): Promise<string>;
  /** What webtasks printed. */
  readonly lines: string[];
  readonly errors: WebtaskError[];
  /** Waits until the webtasks have printed a line. */
  printed(line: string): Promise<void>;
  /** Stops the server, and starts another one on its data. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts a server on a free port, with data of its own.
 *
 * @param options - what is not as tests usually have it
 */
export async function startTestServer(limitMs = 5_000, options: Partial<ServerOptions> = {}): Promise<TestServer> {
  const dataFolder = mkdtempSync(join(tmpdir(), 'webtask-server-'));
  const env = { ...CLUSTER, ...(await storeSettings()) };
  const keys = await loadKeySet({ dataFolder, env });
  const files: Record<string, string | Promise<string>> = {};
  const origin = await startOrigin(async (req, res) => {
    const code = await files[(req.url ?? '').slice(1)];
    res.writeHead(code === undefined ? 404 : 200).end(code);
  });
  const lines: string[] = [];
  const errors: WebtaskError[] = [];
  const waiting = new Set<() => void>();
  const start = (): Promise<RunningServer> =>
    startServer({
      port: 0,
      host: '127.0.0.1',
      dataFolder,
      env,
      allowedOrigins: [origin.origin],
      isolation: testIsolation(),
      network: 'all', // origins of tests are on this machine
      folder: testPackages(),
      limitMs,
      onLine(line) {
        lines.push(line);
        for (const look of waiting) look();
      },
      onError: (error) => void errors.push(error),
      ...options,
    });
  let running = await start().catch(async (error: unknown) => {
    await origin.close();
    removeData(dataFolder);
    throw error;
  });
  const sign = (claims: TokenClaims = {}, now = Date.now() / 1000): string =>
    signToken({ ten: 'test', dd: 0, ...claims }, keys, now);
  const urlOf = (file: string): string => `${origin.origin}/${file}`;
  return {
    get url() {
      return running.url;
    },
    files,
    urlOf,
    keys,
    sign,
    async mint(file, code, claims = {}, secrets) {
      files[file] = code;
      const fixed = { ten: 'test', url: urlOf(file), url_sha256: sha256Hex(code), ...claims };
      return sign(secrets ? { ...fixed, ectx: await sealSecrets(secrets, fixed, keys, 'dir') } : fixed);
    },
    lines,
    errors,
    printed: (line) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!lines.includes(line)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    async restart() {
      await running.close();
      running = await start();
    },
    async close() {
      await running.close();
      await origin.close();
      removeData(dataFolder);
    },
  };
}

/** What is asked. */
export interface Question {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Buffer;
}

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/**
 * Sends a request on a connection of its own, its path as it is written and with any `Host`, unlike fetch, and reads the
 * answer to its end.
 */
export function ask(url: string, { method = 'GET', headers = {}, body }: Question = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length =
      body === undefined || 'Transfer-Encoding' in headers ? {} : { 'Content-Length': Buffer.byteLength(body) };
    const path = url.replace(/^https?:\/\/[^/]*/, '');
    const send = url.startsWith('https:') ? requestByTls : request;
    send(url, { path, method, headers: { ...length, ...headers }, agent: false }, (res) => {
      let text = '';
      res.setEncoding('utf8');
      res.on('data', (chunk) => {
        text += chunk;
      });
      res.once('end', () => resolve({ status: res.statusCode ?? 0, headers: res.headers, body: text }));
      res.once('error', reject);
    })
      .once('error', reject)
      .end(body);
  });
}

/** What is asked of a run. */
export interface RunQuestion extends Question {
  readonly query?: string;
  readonly container?: string;
}

/** Runs the webtask of a token. */
export function run(server: TestServer, token: string, question: RunQuestion = {}): Promise<Answer> {
  const { query = '', container = 'test', headers, ...rest } = question;
  const url = `${server.url}/api/run/${container}${query}`;
  return ask(url, { ...rest, headers: { Authorization: `Bearer ${token}`, ...headers } });
}

/** Runs code that is sent with the request. */
export function runCode(server: TestServer, code: string, question: RunQuestion = {}): Promise<Answer> {
  return run(server, server.sign(), { method: 'POST', body: code, ...question });
}

/** An error of the API, whole: its id is checked and left out, since no two are alike. */
export function apiError({ status, headers, body }: Answer): unknown {
  const { req_id, ...members } = JSON.parse(body) as Record<string, unknown>;
  if (!/^\d{13}\.\d{1,5}$/.test(String(req_id))) throw new Error(`this is no id of a request: ${req_id}`);
  return { status, type: headers['content-type'], source: headers['x-wt-response-source'], ...members };
}

/** The error of the API that has a status and a message. */
export function proxyError(status: number, message: string): unknown {
  return { status, type: 'application/json', source: 'proxy', code: status, message };
}

import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningServer, type ServerOptions, startServer } from '../../runtime/server/index.ts';
import { loadKeySet, signToken } from '../../runtime/token/index.ts';
import { removeData, testIsolation, testPackages } from '../support/isolation.ts';
import { storeSettings } from '../support/table.ts';

/** The server that conformance tests talk to, over HTTP alone. */
export interface ConformanceServer {
  readonly url: string;
  /** A token for the container `dev`, which may issue others. */
  readonly token: string;
  /** Of the server that was started here, or of another one whose key `WEBTASK_CONFORMANCE_MASTER_KEY` says. */
  readonly masterKey: string | undefined;
  /** Whether the server was started here. */
  readonly isOwn: boolean;
  /** Stops the one that was started here, and starts it again over the same data, under another URL. */
  restart(): Promise<void>;
  /** Sends a request, path after the server's URL, with the token unless `headers` says otherwise. */
  call(method: string, path: string, request?: CallRequest): Promise<Response>;
  /** Creates a webtask by `POST /api/tokens/issue`. Gives its token. */
  create(name: string | undefined, code: string | undefined, claims?: object): Promise<string>;
  /** Runs a named webtask, or anything below its path. */
  run(nameAndPath: string, init?: RequestInit): Promise<Response>;
}

/** A request to the server. */
export interface CallRequest {
  readonly json?: object | undefined;
  readonly headers?: Record<string, string>;
}

/**
 * Uses a server for the tests of a file: one that is started here, or the one that `WEBTASK_CONFORMANCE_URL` and
 * `WEBTASK_CONFORMANCE_TOKEN` name.
 *
 * @param options - for the one that is started here
 */
export function useServer(options: Partial<ServerOptions> = {}): ConformanceServer {
  const env = process.env;
  const given = { url: env.WEBTASK_CONFORMANCE_URL, token: env.WEBTASK_CONFORMANCE_TOKEN };
  const isOwn = given.url === undefined;
  const masterKey = env.WEBTASK_CONFORMANCE_MASTER_KEY;
  const state = { url: given.url ?? '', token: given.token ?? '', masterKey };
  let running: RunningServer | undefined;
  let folder = '';
  let storage: Record<string, string> = {};

  async function start(): Promise<void> {
    running = await startServer({
      port: 0,
      host: '127.0.0.1',
      dataFolder: folder,
      allowedOrigins: [],
      isolation: testIsolation(),
      network: 'all', // origins of tests are on this machine
      folder: testPackages(),
      limitMs: 1000,
      onLine: () => undefined,
      onError: (error) => console.error(error),
      ...options,
      env: { ...storage, ...options.env },
    });
    state.url = running.url;
  }

  before(async () => {
    if (!isOwn) return;
    folder = mkdtempSync(join(tmpdir(), 'webtask-conformance-'));
    storage = await storeSettings();
    await start();
    const keys = await loadKeySet({ dataFolder: folder, env: {} });
    state.token = signToken({ ten: 'dev', dd: 10 }, keys, Date.now() / 1000);
    const file = JSON.parse(readFileSync(join(folder, 'keys'), 'utf8')) as { keys: { k?: string; use?: string }[] };
    state.masterKey = file.keys.find(({ k, use }) => k !== undefined && use === 'sig')?.k;
  });

  after(async () => {
    await running?.close();
    if (folder !== '') removeData(folder);
  });

  const call: ConformanceServer['call'] = (method, path, { json, headers = {} } = {}) =>
    fetch(state.url + path, {
      method,
      headers: {
        Authorization: `Bearer ${state.token}`,
        ...(json !== undefined && { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(json !== undefined && { body: JSON.stringify(json) }),
    });

  return {
    get url() {
      return state.url;
    },
    get token() {
      return state.token;
    },
    get masterKey() {
      return state.masterKey;
    },
    isOwn,
    async restart() {
      await running?.close();
      await start();
    },
    call,
    async create(name, code, claims = {}) {
      const json = {
        ten: 'dev',
        ...(name !== undefined && { jtn: name }),
        ...(code !== undefined && { code }),
        ...claims,
      };
      const answer = await call('POST', '/api/tokens/issue', { json });
      const text = await answer.text();
      if (answer.status !== 200) throw new Error(`creating ${name} was answered with ${answer.status}: ${text}`);
      return text;
    },
    run: (nameAndPath, init) => fetch(`${state.url}/api/run/dev/${nameAndPath}`, init),
  };
}

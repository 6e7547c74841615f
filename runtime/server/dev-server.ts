import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fetchTextAnywhere } from '../code/fetch-text.ts';
import { type CompiledWebtask, compileWebtask } from '../compile/index.ts';
import { createStorage, maskSecrets } from '../context/index.ts';
import { WebtaskError } from '../errors.ts';
import { type RunReply, requestId, runWebtask } from '../invoke/index.ts';
import { type WebtaskSettings, webtaskName, webtaskSettings } from '../project/index.ts';
import { createMemoryStore } from '../store/memory.ts';
import { sendError, sendReply } from './answer.ts';
import { sendErrorPage, wantsPage } from './error-page.ts';
import { toRunRequest } from './request.ts';
import { listen, stop } from './start.ts';

/** How the development server is started. */
export interface DevServerOptions {
  /** Lists the absolute paths of webtasks; asked on each request, so that a new file is served at once. */
  readonly files: () => readonly string[];
  readonly port: number;
  readonly limitMs: number;
  /** Receives requests, what webtasks print, and what is probably a mistake; secrets masked. */
  readonly onLine: (line: string) => void;
}

/** A development server that runs. */
export interface DevServer {
  readonly url: string;
  /** Has a webtask read and compiled again on its next request. */
  forget(file: string): void;
  close(): Promise<void>;
}

/** A webtask as it is on disk, compiled when it is first asked for. */
interface Loaded {
  readonly webtask: CompiledWebtask;
  readonly settings: WebtaskSettings;
}

/**
 * Starts a server for development: each webtask at `/<name>`, without tokens, with the secrets of `.env`.
 *
 * @throws SERVE_PORT_TAKEN
 */
export async function startDevServer(options: DevServerOptions): Promise<DevServer> {
  const loaded = new Map<string, Promise<Loaded>>();
  const store = createMemoryStore();
  const storageOf = (name: string) => createStorage(async () => store, 'webtask-local', name);

  async function load(name: string, file: string): Promise<Loaded> {
    const settings = webtaskSettings(file);
    const code = await readFile(file, 'utf8');
    const source = { code, file, fetchText: fetchTextAnywhere };
    return { settings, webtask: await compileWebtask(source, { ...settings, storage: storageOf(name) }) };
  }

  async function answer(path: string, req: IncomingMessage, res: ServerResponse): Promise<void> {
    const name = decodeURIComponent(path.split('/')[1] ?? '');
    const file = options.files().find((it) => webtaskName(it) === name);
    if (file === undefined) return sendUnknown(path, res);
    let loading = loaded.get(name);
    if (!loading) {
      loading = load(name, file);
      loaded.set(name, loading);
      loading.catch(() => loaded.delete(name));
    }
    const caller = new AbortController();
    res.once('close', () => caller.abort());
    const { webtask, settings } = await loading;
    const mask = maskSecrets(settings.secrets);
    const reply = await runWebtask(webtask, toRunRequest(req, caller.signal), {
      ...settings,
      storage: storageOf(name),
      container: 'webtask-local',
      name,
      urlFormat: 3,
      limitMs: options.limitMs,
      maxBodyBytes: 1024 * 1024,
      onLine: (line) => options.onLine(`${name} | ${mask(line)}`),
      onProblem: ({ message }) => options.onLine(mask(message)),
    });
    if (reply.failed && wantsPage(req)) await sendPage(name, reply, res);
    else await sendReply(reply, res);
  }

  function sendUnknown(path: string, res: ServerResponse): void {
    const known = options
      .files()
      .map((file) => `/${webtaskName(file)}`)
      .join(', ');
    sendError(new WebtaskError('DEV_UNKNOWN', { path, known }), requestId(), res);
  }

  const server = createServer((req, res) => {
    const startedAt = performance.now();
    const path = (req.url ?? '/').replace(/[?#].*/s, '');
    answer(path, req, res)
      .catch((error: unknown) => refuse(error, path, req, res))
      .then(() =>
        options.onLine(`${req.method} ${path} ${res.statusCode} ${Math.round(performance.now() - startedAt)} ms`),
      );
  });
  function refuse(error: unknown, path: string, req: IncomingMessage, res: ServerResponse): void {
    if (error instanceof WebtaskError && wantsPage(req) && !res.headersSent) {
      const details = String(error.fields.stack ?? error.fix ?? '');
      sendErrorPage({ status: error.status, name: path, title: error.message, details }, 'compiler', res);
    } else {
      sendError(error, requestId(), res);
    }
    options.onLine(error instanceof WebtaskError ? error.message : String(error));
  }
  await listen(server, { port: options.port, host: '127.0.0.1' });
  const { port } = server.address() as AddressInfo; // it listens on TCP
  return {
    url: `http://127.0.0.1:${port}`,
    forget: (file) => void loaded.delete(webtaskName(file)),
    close: () => stop(server),
  };
}

/** Makes a page of an error that was described in JSON. */
async function sendPage(name: string, reply: RunReply, res: ServerResponse): Promise<void> {
  let body = '';
  for await (const chunk of reply.body) body += chunk;
  const { details, message, error, stack } = JSON.parse(body) as Record<string, string | undefined>;
  const title = details ?? message ?? error ?? 'The webtask failed';
  sendErrorPage({ status: reply.status, name, title, details: stack ?? '' }, reply.source, res);
}

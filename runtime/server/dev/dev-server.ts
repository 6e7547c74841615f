import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fetchTextAnywhere } from '../../code/fetch-text.ts';
import type { CompiledWebtask } from '../../compile/index.ts';
import { createStorage, maskSecrets } from '../../context/index.ts';
import { fail, sentenceOf, WebtaskError } from '../../errors.ts';
import {
  Caller,
  loadWebtask,
  platformFailure,
  type RunProblem,
  type RunReply,
  requestId,
  runWebtask,
} from '../../invoke/index.ts';
import { type WebtaskSettings, webtaskName, webtaskSettings } from '../../project/index.ts';
import { createMemoryStore } from '../../store/memory.ts';
import { listen, stop } from '../edge/listen.ts';
import { answerMalformed } from '../edge/malformed.ts';
import { sendError, sendReply } from '../run/answer.ts';
import { decodeSegment, toRunRequest } from '../run/request.ts';
import { sendErrorPage, wantsPage } from './error-page.ts';

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
  /** Says a line of the webtask's, secrets masked. */
  readonly onLine: (line: string) => void;
  readonly onProblem: (problem: RunProblem) => void;
}

const CONTAINER = 'webtask-local';

/**
 * Starts a server for development: each webtask at `/<name>`, without tokens, with the secrets of `.env`.
 *
 * @throws SERVE_PORT_TAKEN, SERVE_CANNOT_LISTEN
 */
export async function startDevServer(options: DevServerOptions): Promise<DevServer> {
  const loaded = new Map<string, Promise<Loaded>>();
  const store = createMemoryStore();
  const storageOf = (name: string) => createStorage(async () => store, CONTAINER, name);

  async function load(name: string, file: string): Promise<Loaded> {
    const settings = webtaskSettings(file);
    const mask = maskSecrets(settings.secrets);
    const onLine = (line: string): void => options.onLine(`${name} | ${mask(line)}`);
    const told = new Set<string>();
    const onProblem = ({ kind, message }: RunProblem): void => {
      if (kind === 'read-missing' && told.has(message)) return; // it is so on every request
      told.add(message);
      options.onLine(mask(message));
    };
    const code = await readFile(file, 'utf8').catch((cause) => fail('RUN_NO_FILE', { file }, { cause }));
    const webtask = await loadWebtask(
      { code, file, fetchText: fetchTextAnywhere },
      { ...settings, storage: storageOf(name) },
      { onLine },
    );
    return { settings, webtask, onLine, onProblem };
  }

  async function answer(path: string, req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (!isThisMachine(req.headers.host)) fail('DEV_HOST', { host: req.headers.host ?? 'none' });
    const name = decodeSegment(path.split('/')[1] ?? '');
    const file = options.files().find((it) => webtaskName(it) === name);
    if (file === undefined || name === undefined) return fail('DEV_UNKNOWN', { path, known: known() });
    let loading = loaded.get(name);
    if (!loading) {
      loading = load(name, file);
      loaded.set(name, loading);
      loading.catch(() => loaded.delete(name));
    }
    const caller = new Caller();
    res.once('close', () => caller.leave());
    const { webtask, settings, onLine, onProblem } = await loading;
    const reply = await runWebtask(webtask, toRunRequest(req, caller), {
      ...settings,
      storage: storageOf(name),
      container: CONTAINER,
      name,
      urlFormat: 3,
      limitMs: options.limitMs,
      maxBodyBytes: 1024 * 1024,
      onLine,
      onProblem,
      hints: true,
    });
    if (reply.failed && wantsPage(req)) await sendPage(name, reply, res);
    else await sendReply(reply, res);
  }

  function known(): string {
    return options
      .files()
      .map((file) => `/${webtaskName(file)}`)
      .join(', ');
  }

  const server = createServer((req, res) => {
    const startedAt = performance.now();
    const path = (req.url ?? '/').replace(/[?#].*/s, '');
    // Printed after the answer, or after what there was of it.
    res.once('close', () => {
      const state = res.headersSent ? `${res.statusCode}${res.writableFinished ? '' : ', cut off'}` : 'no answer';
      options.onLine(`${req.method} ${path} ${state} ${Math.round(performance.now() - startedAt)} ms`);
    });
    answer(path, req, res).catch((error: unknown) => refuse(error, path, req, res));
  });
  function refuse(error: unknown, path: string, req: IncomingMessage, res: ServerResponse): void {
    if (res.destroyed) return; // the caller went away
    if (!(error instanceof WebtaskError)) {
      options.onLine(error instanceof Error && error.stack ? error.stack : String(error));
    } else if (error.code !== 'DEV_UNKNOWN') {
      options.onLine(`${[sentenceOf(error), error.fix].filter(Boolean).join(' ')} [${error.code}]`);
    }
    if (error instanceof WebtaskError && wantsPage(req) && !res.headersSent) {
      const { status, message, fields, fix } = error;
      const { source } = platformFailure(error, '');
      sendErrorPage({ status, name: path, title: message, details: String(fields.stack ?? fix ?? '') }, source, res);
    } else {
      sendError(error, requestId(), res);
    }
  }
  server.on('clientError', answerMalformed);
  await listen(server, { port: options.port, host: '127.0.0.1' });
  const { port } = server.address() as AddressInfo; // it listens on TCP
  return {
    url: `http://127.0.0.1:${port}`,
    forget: (file) => void loaded.delete(webtaskName(file)),
    close: () => stop(server),
  };
}

/**
 * A page elsewhere can point a name of its own to 127.0.0.1, and would then read what webtasks answer with your
 * secrets; its requests still say that name.
 */
function isThisMachine(host: string | undefined): boolean {
  return /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i.test(host ?? '');
}

/** Makes a page of an error that was described in JSON. */
async function sendPage(name: string, reply: RunReply, res: ServerResponse): Promise<void> {
  let body = '';
  for await (const chunk of reply.body) body += chunk;
  const { details, message, error, stack } = JSON.parse(body) as Record<string, string | undefined>;
  const title = details ?? message ?? error ?? 'The webtask failed';
  sendErrorPage({ status: reply.status, name, title, details: stack ?? '' }, reply.source, res);
}

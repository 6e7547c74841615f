import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { maskSecrets } from '../../context/index.ts';
import { fail, sentenceOf, WebtaskError } from '../../errors.ts';
import { Caller, platformFailure, type RunProblem, type RunReply, requestId } from '../../invoke/index.ts';
import { webtaskName, webtaskSettings } from '../../project/index.ts';
import { listen, stop } from '../edge/listen.ts';
import { answerMalformed } from '../edge/malformed.ts';
import { sendError, sendReply } from '../run/answer.ts';
import { decodeSegment, toRunRequest } from '../run/request.ts';
import type { DevRunner, RunOnce } from './dev-runner.ts';
import { sendErrorPage, wantsPage } from './error-page.ts';

/** How the development server is started. */
export interface DevServerOptions {
  /** Lists the absolute paths of webtasks; asked on each request, so that a new file is served at once. */
  readonly files: () => readonly string[];
  readonly port: number;
  /** What runs them; it is closed with the server. */
  readonly runner: DevRunner;
  /** Receives requests, what webtasks print, and what is probably a mistake; secrets masked. */
  readonly onLine: (line: string) => void;
}

/** A development server that runs. */
export interface DevServer {
  readonly url: string;
  /** Has webtasks read and compiled again, each on its next request. */
  reload(): void;
  close(): Promise<void>;
}

/**
 * Starts a server for development: each webtask at `/<name>`, without tokens, with the secrets of `.env`.
 *
 * @throws SERVE_PORT_TAKEN, SERVE_CANNOT_LISTEN
 */
export async function startDevServer(options: DevServerOptions): Promise<DevServer> {
  const loaded = new Map<string, Promise<RunOnce>>();

  async function load(name: string, file: string): Promise<RunOnce> {
    const settings = webtaskSettings(file);
    const mask = maskSecrets(settings.secrets);
    const onLine = (line: string): void => options.onLine(`${name} | ${mask(line)}`);
    const told = new Set<string>();
    const onProblem = ({ kind, message }: RunProblem): void => {
      if (kind === 'ended') return; // its answer says so, and so does what is printed of that
      if (kind === 'read-missing' && told.has(message)) return; // it is so on every request
      told.add(message);
      options.onLine(mask(message));
    };
    const code = await readFile(file, 'utf8').catch((cause) => fail('RUN_NO_FILE', { file }, { cause }));
    return options.runner.load({ name, file, code, settings, onLine, onProblem });
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
    const run = await loading;
    const reply = await run(toRunRequest(req, caller));
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
      if (error.code === 'RUN_BLOCKED' && error.fields.stack !== undefined) options.onLine(String(error.fields.stack));
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
    reload() {
      loaded.clear();
      options.runner.reload();
    },
    async close() {
      await stop(server);
      await options.runner.close();
    },
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

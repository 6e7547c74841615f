import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';
import { resolve } from 'node:path';
import { fail, type WebtaskError } from '../errors.ts';
import { requestId } from '../invoke/index.ts';
import { createModules } from '../modules/index.ts';
import { createDocuments, type Documents, openStore, type Store } from '../store/index.ts';
import { loadKeySet } from '../token/index.ts';
import { sendError } from './answer.ts';
import { createApiHandler } from './api/api.ts';
import { RESOURCES } from './api/resources.ts';
import { createActs, createJournal } from './audit/index.ts';
import { createAuthorizer, createIdentifier } from './authorize.ts';
import { openCodeStore } from './code-store.ts';
import { createCompiler } from './compiled.ts';
import { createCodeFinder } from './find-code.ts';
import { hostName, proveByDns } from './hosts.ts';
import { createIssuer } from './issue.ts';
import { createLogs } from './logs/index.ts';
import { answerMalformed } from './malformed.ts';
import { createReadiness } from './readiness.ts';
import { createRegistry } from './registry.ts';
import { readTarget } from './request.ts';
import { openRevocationSource } from './revocation-source.ts';
import { createRevocations } from './revocations.ts';
import { createRunHandler } from './run.ts';
import { openSharedStore } from './shared-store.ts';

/** How a server is started. */
export interface ServerOptions {
  /** 0 for any free one. */
  readonly port: number;
  readonly host: string;
  /** Keys and the embedded store. */
  readonly dataFolder: string;
  readonly env: NodeJS.ProcessEnv;
  /** The public base of every URL that is printed, without a slash at the end; by default where it listens. */
  readonly publicUrl?: string | undefined;
  /** Every container's webtasks are also at `http://{container}.{runDomain}/{name}`. */
  readonly runDomain?: string | undefined;
  /** Has a container show by a TXT record that a custom domain which it claims is its own. */
  readonly proveHosts?: boolean | undefined;
  /** Largest code of a webtask, 5 MB by default. */
  readonly maxCodeBytes?: number | undefined;
  /** Origins that code may be fetched from although they are not public. */
  readonly allowedOrigins: readonly string[];
  /** Milliseconds until a webtask without an answer is cut off. */
  readonly limitMs: number;
  readonly onLine: (line: string) => void;
  /** Is told of errors that are the platform's. */
  readonly onError: (error: WebtaskError) => void;
}

/** A server that runs. */
export interface RunningServer {
  readonly url: string;
  /** Accepts nothing more, and resolves when what is running has been answered. */
  close(): Promise<void>;
}

/** Milliseconds; against callers that are slow on purpose. */
const TIME_LIMITS = { headersTimeout: 15_000, keepAliveTimeout: 5_000, connectionsCheckingInterval: 5_000 };

/** What the original took is not known; code of several files in one needs some. */
const MAX_CODE_BYTES = 5 * 1024 * 1024;

/**
 * Starts a server for webtasks. They run in its own process, so it listens on loopback only.
 *
 * @throws SERVE_NOT_ISOLATED, SERVE_PORT_TAKEN, SERVE_CANNOT_LISTEN, and what {@link loadKeySet} and
 *   {@link openSharedStore} throw
 *
 * @example
 * const server = await startServer({ port: 0, host: '127.0.0.1', dataFolder: '.webtask', ... });
 * await server.close();
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  if (!isLoopback(options.host)) fail('SERVE_NOT_ISOLATED', { host: options.host });
  const keys = await loadKeySet(options);
  const store = await openSharedStore(() => openStore(options.dataFolder, options.env));
  const openStoreOnce = store.open;
  let baseUrl = options.publicUrl ?? '';
  const isOwnHost = (host: string): boolean => {
    const { runDomain } = options;
    const isOwn = [baseUrl && hostName(new URL(baseUrl).host), options.host, 'localhost'].includes(host);
    return (
      isOwn || isLoopback(host) || (runDomain !== undefined && (host === runDomain || host.endsWith(`.${runDomain}`)))
    );
  };
  const maxCodeBytes = options.maxCodeBytes ?? MAX_CODE_BYTES;
  const embedded = createRegistry(
    openStoreOnce,
    { isOwnHost, prove: options.proveHosts ? proveByDns : undefined },
    maxCodeBytes,
  );
  const codeStore = openCodeStore(options.env, {
    registry: embedded,
    policy: { publicOnly: true, allowedOrigins: options.allowedOrigins },
    maxCodeBytes,
    baseUrl: () => baseUrl,
    now: Date.now,
  });
  const { registry, loadCode } = codeStore;
  const openDocuments = openDocumentsOf(openStoreOnce);
  const modules = createModules(resolve(options.dataFolder, 'modules'), options.env);
  const compiler = createCompiler({
    folder: process.cwd(),
    modules,
    fetchText: async (url) => (await loadCode({ url })).text,
    forgetUrl: loadCode.forget,
  });
  const findCode = createCodeFinder(registry, loadCode, maxCodeBytes);
  const { limitMs, onLine, onError } = options;
  const revocationSource = openRevocationSource(openStoreOnce, options.env, Date.now);
  const revocations = createRevocations(revocationSource);
  const identify = createIdentifier(keys, revocations);
  const issue = createIssuer({
    keys,
    registry,
    codeStore,
    baseUrl: () => baseUrl,
    onCode: (code, meta) => compiler.prepare(code, meta),
  });
  const authorize = createAuthorizer(identify);
  const journal = createJournal(resolve(options.dataFolder, 'audit'));
  const acts = createActs(journal);
  const logs = createLogs();
  const run = createRunHandler({
    authorize,
    registry,
    findCode,
    compiler,
    openDocuments,
    issue,
    baseUrl: () => baseUrl,
    acts,
    logs,
    limitMs,
    onLine,
    onError,
  });
  const readiness = createReadiness(openStoreOnce);
  const api = createApiHandler(
    {
      keys,
      identify,
      revocations,
      issue,
      registry,
      compiler,
      modules,
      findCode,
      logs,
      openDocuments,
      openStore: openStoreOnce,
      baseUrl: () => baseUrl,
      isOwnHost,
      readiness,
      acts,
      onError,
    },
    RESOURCES,
  );
  const hosts = { isOwnHost, containerOfHost: registry.containerOfHost, runDomain: options.runDomain };
  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const target = await readTarget(req, hosts);
    await (target ? run(target, req, res) : api(req, res));
  };
  const server = createServer(TIME_LIMITS, (req, res) => {
    answer(req, res).catch((error: unknown) => {
      if (res.destroyed) return; // the caller went away
      const known = sendError(error, requestId(), res);
      if (known.fault === 'platform') onError(known);
    });
  });
  server.on('clientError', answerMalformed);
  await listen(server, options).catch(async (error: unknown) => {
    await store.close();
    throw error;
  });
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const url = `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`;
  if (baseUrl === '') baseUrl = url;
  const stopWatching = revocationSource.watch?.(onError);
  return {
    url,
    async close() {
      readiness.stop();
      stopWatching?.();
      modules.close();
      logs.close(); // a stream that is read would not end by itself
      await stop(server);
      await journal.close();
      await store.close();
    },
  };
}

/** What is left of writes that were cut short goes when the store is first used. */
function openDocumentsOf(openStore: () => Promise<Store>): () => Promise<Documents> {
  let documents: ReturnType<typeof createDocuments> | undefined;
  return async () => {
    if (documents) return documents;
    documents = createDocuments(await openStore());
    documents.sweep().catch(() => undefined); // the next start does it
    return documents;
  };
}

/**
 * Listens, or says why not.
 *
 * @throws SERVE_PORT_TAKEN, SERVE_CANNOT_LISTEN
 */
export async function listen(server: Server, { port, host }: { port: number; host: string }): Promise<void> {
  server.on('request', (_req, res) => {
    // A connection that is answered while the server stops is not kept for another request.
    res.once('finish', () => server.listening || server.closeIdleConnections());
  });
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException; // of listen(2), or of the look-up of the host
    if (code === 'EADDRINUSE') fail('SERVE_PORT_TAKEN', { port }, { cause: error });
    fail('SERVE_CANNOT_LISTEN', { host, port, reason: message }, { cause: error });
  }
}

/** Stops accepting, lets go of idle connections, and waits for the others to be answered. */
export function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

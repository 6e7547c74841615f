import type { IncomingMessage, ServerResponse } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';
import { resolve } from 'node:path';
import { fail, type WebtaskError } from '../errors.ts';
import { createModules } from '../modules/index.ts';
import { documentBytes, openStore } from '../store/index.ts';
import { loadKeySet } from '../token/index.ts';
import { createApiHandler } from './api/api.ts';
import { RESOURCES } from './api/resources.ts';
import { createActs, createJournal } from './audit/index.ts';
import { createAuthorizer, createIdentifier } from './authorize.ts';
import { openCodeStore } from './code-store.ts';
import { openCron } from './cron/index.ts';
import { admitRequest } from './edge/admit.ts';
import { createListener } from './edge/listener.ts';
import { createOwnHosts } from './edge/own-hosts.ts';
import { createPeerReader } from './edge/peer.ts';
import { answerSmall, openManagement } from './edge/small-answers.ts';
import { TIME_LIMITS, type TimeLimits } from './edge/time-limits.ts';
import { readTlsPair, type TlsFiles } from './edge/tls.ts';
import { createCodeFinder } from './find-code.ts';
import { proveByDns } from './hosts.ts';
import { createIssuer } from './issue.ts';
import { createLimits } from './limits/index.ts';
import { listen, stop } from './listen.ts';
import { createLogs } from './logs/index.ts';
import { createMetrics, createMetricsReaders } from './metrics/index.ts';
import { openDocumentsOf } from './open-documents.ts';
import { type Isolation, openRunner } from './open-runner.ts';
import { createQuotaRegistry, createQuotas, readQuotas } from './quotas/index.ts';
import { createReadiness } from './readiness.ts';
import { createRegistry } from './registry.ts';
import { readTarget } from './request.ts';
import { openRevocationSource } from './revocation-source.ts';
import { createRevocations } from './revocations.ts';
import { createRunHandler } from './run.ts';
import { openSharedStore } from './shared-store.ts';
import { keepSweeping } from './sweep-code.ts';

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
  /** What webtasks run in; this process by default. */
  readonly isolation?: Isolation | undefined;
  /** Milliseconds until a webtask without an answer is cut off. */
  readonly limitMs: number;
  /** Addresses and networks of proxies that say who the caller is. */
  readonly trustedProxies?: readonly string[] | undefined;
  /** Certificate and key, by their paths; without them it speaks plain HTTP. */
  readonly tls?: TlsFiles | undefined;
  /** How slow callers may be, where it is not as by default. */
  readonly timeLimits?: Partial<TimeLimits> | undefined;
  readonly onLine: (line: string) => void;
  /** Is told of errors that are the platform's, with the id of the request in which they came up. */
  readonly onError: (error: WebtaskError, requestId?: string) => void;
  /** Is told of what else requests are refused with. */
  readonly onRefusal?: ((error: WebtaskError, requestId?: string) => void) | undefined;
}

/** A server that runs. */
export interface RunningServer {
  readonly url: string;
  /**
   * Reads certificate and key again, for connections from now on.
   *
   * @throws TLS_FILE_UNREADABLE, TLS_PAIR_INVALID, and goes on with those it has
   */
  reloadTls(): Promise<void>;
  /** Accepts nothing more, and resolves when what is running has been answered. */
  close(): Promise<void>;
}

/** What the original took is not known; code of several files in one needs some. */
const MAX_CODE_BYTES = 5 * 1024 * 1024;

/**
 * Starts a server for webtasks. They run in its own process, so it listens on loopback only.
 *
 * @throws SERVE_NOT_ISOLATED, SERVE_PORT_TAKEN, SERVE_CANNOT_LISTEN, SETTING_INVALID, TLS_HALF,
 *   TLS_FILE_UNREADABLE, TLS_PAIR_INVALID, and what {@link loadKeySet} and {@link openSharedStore} throw
 *
 * @example
 * const server = await startServer({ port: 0, host: '127.0.0.1', dataFolder: '.webtask', ... });
 * await server.close();
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  if (!isLoopback(options.host)) fail('SERVE_NOT_ISOLATED', { host: options.host });
  const readPeer = createPeerReader(options.trustedProxies ?? [], options.publicUrl);
  const readTls = () => readTlsPair(options.tls ?? {});
  const tls = await readTls();
  const keys = await loadKeySet(options);
  const mayReadMetrics = createMetricsReaders(options.env);
  const logs = createLogs();
  const metrics = createMetrics({ logReaders: logs.countAll });
  const store = await openSharedStore(async () => metrics.ofStore(await openStore(options.dataFolder, options.env)));
  const openStoreOnce = store.open;
  let baseUrl = options.publicUrl ?? '';
  const maxCodeBytes = options.maxCodeBytes ?? MAX_CODE_BYTES;
  const { runDomain } = options;
  const ownHosts = createOwnHosts({
    baseUrl: () => baseUrl,
    hasPublicUrl: options.publicUrl !== undefined,
    listenHost: options.host,
    runDomain,
  });
  const { isOwnHost } = ownHosts;
  const quotas = createQuotas(readQuotas(options.env), openStoreOnce, documentBytes);
  const hostRules = { isOwnHost, prove: options.proveHosts ? proveByDns : undefined };
  const embedded = createQuotaRegistry(createRegistry(openStoreOnce, hostRules, maxCodeBytes), quotas);
  const codeStore = openCodeStore(options.env, {
    registry: embedded,
    takeNamelessCode: quotas.takeNamelessCode,
    policy: { publicOnly: true, allowedOrigins: options.allowedOrigins },
    maxCodeBytes,
    baseUrl: () => baseUrl,
    now: Date.now,
  });
  const { registry, loadCode } = codeStore;
  const openDocuments = openDocumentsOf(openStoreOnce, quotas.resizeDocument);
  const modules = createModules(resolve(options.dataFolder, 'modules'), options.env);
  const runner = await openRunner(options.isolation ?? 'inline', {
    folder: process.cwd(),
    modules,
    fetchText: async (url) => (await loadCode({ url })).text,
    forgetUrl: loadCode.forget,
    openDocuments,
    onOutput: options.onLine,
  });
  const findCode = createCodeFinder(registry, loadCode, maxCodeBytes);
  const { limitMs, onLine } = options;
  const onError = (error: WebtaskError, requestId?: string): void => {
    if (error.fault === 'platform') {
      metrics.error(error.code);
      options.onError(error, requestId);
    } else options.onRefusal?.(error, requestId);
  };
  const revocationSource = openRevocationSource(openStoreOnce, options.env, Date.now);
  const revocations = createRevocations(metrics.ofRevocations(revocationSource));
  const identify = createIdentifier(keys, revocations);
  const issue = createIssuer({
    keys,
    registry,
    codeStore,
    baseUrl: () => baseUrl,
    onCode: (code, meta) => runner.prepare(code, meta),
  });
  const authorize = createAuthorizer(identify);
  const journal = createJournal(resolve(options.dataFolder, 'audit'));
  const acts = createActs(journal);
  const limits = createLimits(openStoreOnce);
  const run = createRunHandler({
    authorize,
    registry,
    findCode,
    runner,
    openDocuments,
    issue,
    baseUrl: () => baseUrl,
    acts,
    limits,
    logs,
    metrics,
    ownHosts,
    limitMs,
    onLine,
    onError,
  });
  const cron = openCron({
    openStore: openStoreOnce,
    env: options.env,
    registry,
    run(target, req, res) {
      metrics.run('cron', res);
      return run(target, req, res);
    },
    keys,
    baseUrl: () => baseUrl,
    limitMs,
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
      runner,
      modules,
      findCode,
      limits,
      logs,
      quotas,
      openDocuments,
      openStore: openStoreOnce,
      cron,
      baseUrl: () => baseUrl,
      isOwnHost,
      readiness,
      acts,
      metrics,
      mayReadMetrics,
      onError,
    },
    RESOURCES,
  );
  const hosts = { isOwnHost, containerOfHost: registry.containerOfHost, runDomain };
  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    res.setHeader('Referrer-Policy', 'no-referrer'); // a key may be in the URL
    admitRequest(req, readPeer);
    if (answerSmall(req, res)) return;
    const target = await readTarget(req, hosts);
    if (target) {
      metrics.run('http', res);
      await run(target, req, res);
    } else if (!openManagement(req, res)) await api(req, res);
  };
  const timeLimits = { ...TIME_LIMITS, ...options.timeLimits };
  const server = createListener({ tls, timeLimits, onError }, answer);
  await listen(server, options).catch(async (error: unknown) => {
    await store.close();
    throw error;
  });
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const url = `${tls ? 'https' : 'http'}://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`;
  if (baseUrl === '') baseUrl = url;
  cron.start();
  const stopWatching = revocationSource.watch?.(onError);
  const stopSweeping = keepSweeping(openStoreOnce, embedded);
  return {
    url,
    async reloadTls() {
      const pair = await readTls();
      if (pair && 'setSecureContext' in server) server.setSecureContext(pair);
    },
    async close() {
      readiness.stop();
      stopWatching?.();
      stopSweeping();
      modules.close();
      logs.close(); // a stream that is read would not end by itself
      await Promise.all([stop(server), cron.stop()]);
      await runner.close();
      await journal.close();
      await store.close();
    },
  };
}

/** Written as it is listened on, so without what other programs also read as loopback. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

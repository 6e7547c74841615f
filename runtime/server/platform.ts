import type { IncomingMessage, ServerResponse } from 'node:http';
import { resolve } from 'node:path';
import type { WebtaskError } from '../errors.ts';
import { createModules } from '../modules/index.ts';
import { openStore } from '../store/index.ts';
import { loadKeySet } from '../token/index.ts';
import { type ChosenIsolation, readLimits, readPoolLimits } from '../worker/index.ts';
import { createApiHandler } from './api/api.ts';
import { RESOURCES } from './api/resources.ts';
import { createActs, createJournal } from './audit/index.ts';
import { openCron } from './cron/index.ts';
import { admitRequest } from './edge/admit.ts';
import { createOwnHosts } from './edge/own-hosts.ts';
import { createPeerReader } from './edge/peer.ts';
import { answerSmall, openManagement } from './edge/small-answers.ts';
import { mountIdentity } from './identity/mount.ts';
import { createLimits } from './limits/index.ts';
import { createLogs, createOutputBudget } from './logs/index.ts';
import { createMetrics, createMetricsReaders } from './metrics/index.ts';
import { openData } from './open-data.ts';
import { networkPolicy, type ServerOptions, workerUsers } from './options.ts';
import { createReadiness } from './readiness.ts';
import { openRevocationSource } from './revocations/revocation-source.ts';
import { createRevocations } from './revocations/revocations.ts';
import { createCodeFinder } from './run/find-code.ts';
import { modulesFolder } from './run/modules-folder.ts';
import { openRunner } from './run/open-runner.ts';
import { type RunTarget, readTarget } from './run/request.ts';
import { createRunHandler } from './run/run.ts';
import { openSharedStore } from './shared-store.ts';
import type { FirstWorker } from './start-first.ts';
import { createAuthorizer, createIdentifier } from './tokens/authorize.ts';
import { createIssuer } from './tokens/issue.ts';

/** All of a server but the sockets that it listens on. */
export interface Platform {
  /** Answers a request, or throws, now or later, why it does not. */
  answer(req: IncomingMessage, res: ServerResponse): Promise<void> | undefined;
  onError(error: WebtaskError, requestId?: string): void;
  /** Begins with what happens without requests: cron jobs, sweeping, watching the list of revocations. */
  begin(): void;
  /** Takes up nothing new: log streams end, cron jobs are let finish. */
  windDown(): Promise<void>;
  /** Closes what it works with, once nothing is being answered any more. */
  close(): Promise<void>;
}

/**
 * Opens all that a server works with, and joins it together.
 *
 * @param choosing - what webtasks run in
 * @param first - the first worker, which is started in that unless it cannot be had
 * @param baseUrl - the public base of URLs, as soon as it is known
 * @throws SETTING_INVALID, and what {@link loadKeySet} and {@link openSharedStore} throw
 */
export async function openPlatform(
  options: ServerOptions,
  choosing: Promise<ChosenIsolation>,
  first: FirstWorker | undefined,
  baseUrl: () => string,
): Promise<Platform> {
  const { env, dataFolder, limitMs, onLine, runDomain } = options;
  const readPeer = createPeerReader(options.trustedProxies ?? [], options.publicUrl);
  const keys = await loadKeySet(options);
  const mayReadMetrics = createMetricsReaders(env);
  const logs = createLogs();
  const metrics = createMetrics({ logReaders: logs.countAll });
  // What is wrong with its file is said before anything is opened that would have to be closed.
  const identity = await mountIdentity({
    file: options.identityFile,
    dataFolder,
    openStore: () => sharedStore.open(),
    baseUrl,
    onError: (error) => onError(error),
  });
  const sharedStore = await openSharedStore(async () => metrics.ofStore(await openStore(dataFolder, env)));
  const openStoreOnce = sharedStore.open;
  const ownHosts = createOwnHosts({
    baseUrl,
    hasPublicUrl: options.publicUrl !== undefined,
    listenHost: options.host,
    runDomain,
  });
  const { isOwnHost } = ownHosts;
  const data = openData(options, openStoreOnce, ownHosts, baseUrl);
  const { registry, forRuns, codeStore, openDocuments, quotas } = data;
  const { loadCode } = codeStore;
  const { mode } = await choosing.catch(async (error: unknown) => {
    await sharedStore.close();
    throw error;
  });
  const packages = modulesFolder(dataFolder, mode);
  const modules = createModules(packages, env);
  const usage = readLimits(env);
  const runner = await openRunner(mode, {
    modulesFolder: packages,
    folder: options.folder,
    users: workerUsers(options),
    modules,
    fetchText: async (url) => (await loadCode({ url })).text,
    forgetUrl: loadCode.forget,
    openDocuments,
    limits: usage,
    pool: readPoolLimits(env, usage.memoryBytes),
    network: networkPolicy(options),
    start: first?.mode === mode ? first.start : undefined,
    onOutput: onLine,
  });
  const findCode = createCodeFinder(forRuns, loadCode, data.maxCodeBytes);
  const onError = (error: WebtaskError, requestId?: string): void => {
    if (error.fault === 'platform') {
      metrics.error(error.code);
      options.onError(error, requestId);
    } else options.onRefusal?.(error, requestId);
  };

  const revocationSource = openRevocationSource(openStoreOnce, env, Date.now);
  const revocations = createRevocations(metrics.ofRevocations(revocationSource));
  const identify = createIdentifier(keys, revocations);
  const issue = createIssuer({ keys, registry, codeStore, baseUrl, onCode: runner.prepare });
  const journal = createJournal(resolve(dataFolder, 'audit'));
  const acts = createActs(journal);
  const limits = createLimits(openStoreOnce);
  const shared = { registry, findCode, runner, openDocuments, issue, baseUrl, acts, limits, logs, metrics, onError };
  const run = createRunHandler({
    ...shared,
    registry: forRuns,
    authorize: createAuthorizer(identify),
    output: createOutputBudget(usage.outputBytes, () => performance.now()),
    ownHosts,
    limitMs,
    maxBodyBytes: usage.bodyBytes,
    onLine,
  });
  const cron = openCron({
    openStore: openStoreOnce,
    env,
    registry,
    run: (target, req, res) => run(target, req, res, 'cron'),
    keys,
    baseUrl,
    limitMs,
    onError,
  });
  const readiness = createReadiness(openStoreOnce);
  const api = createApiHandler(
    {
      ...shared,
      keys,
      identify,
      revocations,
      modules,
      maxCodeBytes: data.maxCodeBytes,
      quotas,
      openStore: openStoreOnce,
      cron,
      isOwnHost,
      readiness,
      mayReadMetrics,
    },
    RESOURCES,
  );
  const hosts = { isOwnHost, containerOfHost: registry.containerOfHost, runDomain };
  const begun: ((() => void) | undefined)[] = [];

  async function manage(req: IncomingMessage, res: ServerResponse): Promise<void> {
    res.setHeader('Referrer-Policy', 'no-referrer'); // a key may be in the URL
    if (!openManagement(req, res) && !(await identity.answer(req, res))) await api(req, res);
  }

  return {
    answer(req, res) {
      admitRequest(req, readPeer);
      if (answerSmall(req, res)) return undefined;
      const answerFor = (target: RunTarget | undefined): Promise<void> =>
        target ? run(target, req, res) : manage(req, res);
      const target = readTarget(req, hosts);
      return target instanceof Promise ? target.then(answerFor) : answerFor(target);
    },
    onError,
    begin() {
      cron.start();
      identity.begin();
      begun.push(revocationSource.watch?.(onError), data.keepSweeping());
    },
    async windDown() {
      readiness.stop();
      for (const stop of begun) stop?.();
      modules.close();
      logs.close(); // a stream that is read would not end by itself
      await cron.stop();
    },
    async close() {
      await runner.close();
      await identity.close();
      await journal.close();
      await sharedStore.close();
    },
  };
}

import { fetchTextAnywhere } from '../../code/fetch-text.ts';
import { createStorage, storageKey } from '../../context/index.ts';
import { fail } from '../../errors.ts';
import { type RunReply, type RunRequest, requestId } from '../../invoke/index.ts';
import { chooseIsolation, openStarter, type Runnable } from '../../worker/index.ts';
import { definitionOf, runIn } from '../run/run-in-worker.ts';
import { CONTAINER, type DevRunner, type DevRunnerParts, settingsOf } from './dev-runner.ts';
import { keepOneWorker } from './keep-one-worker.ts';
import { createPausableTimers } from './pausable-timers.ts';
import { relayDebugger } from './relay-debugger.ts';
import { runWithin } from './run-within.ts';

/** For workers in a sandbox, where this process may choose their user. */
const USERS = { first: 200_000, last: 265_535 };

/**
 * Makes a runner that has webtasks run in a worker process of their own, which is started at once.
 *
 * @throws SANDBOX_UNAVAILABLE, NETWORK_UNAVAILABLE, INSPECTOR_PORT_TAKEN
 */
export async function openWorkerDevRunner(
  parts: DevRunnerParts & { readonly isolation: 'process' | 'sandbox' },
): Promise<DevRunner> {
  const { isolation, folder, otherFolders, limits, limitMs, inspectPort, documents, onOutput } = parts;
  await chooseIsolation(isolation, USERS, NETWORK);
  const timers = createPausableTimers();
  const onAttached = (isAttached: boolean): void => {
    timers.pause(isAttached);
    workers.attach(isAttached);
  };
  const relay = inspectPort === undefined ? undefined : await relayDebugger(inspectPort, onAttached);
  const start = openStarter({
    mode: isolation,
    readable: [folder, ...otherFolders],
    users: USERS,
    limits,
    network: NETWORK,
    project: { folder, takesDebugger: relay !== undefined, toCommonJS },
    onOutput: (text) => onOutput(relay?.lead(text) ?? text),
  });
  const workers = keepOneWorker(start, limits);
  return {
    async load(webtask) {
      const { name, code, file, onLine, onProblem } = webtask;
      // A worker keeps no storage: it asks for it.
      const storage = createStorage(async () => documents, CONTAINER, name);
      const onMessage = (text: string): void => text.split('\n').forEach(onLine);
      const settings = { ...settingsOf(webtask, parts), storage, onMessage };
      const runnable: Runnable = {
        definition: { ...definitionOf(settings), file, modulePaths: [] },
        code,
        storageKey: storageKey(CONTAINER, name),
        openDocuments: async () => documents,
        fetchText: fetchTextAnywhere,
        onMessage,
        onProblem,
      };
      return async (request) => {
        const worker = await workers.get();
        const run = async (it: RunRequest): Promise<RunReply> => {
          const reply = await runIn(worker, runnable, { request: it, settings: { ...settings, id: requestId() } });
          return reply ?? fail('RUN_CONNECTION_CLOSED', { webtask: name });
        };
        return relay && limitMs > 0 ? runWithin(timers, { webtask: name, limitMs }, request, run) : run(request);
      };
    },
    reload: workers.replace,
    async close() {
      relay?.close();
      await workers.close();
    },
  };
}

/** Whoever develops talks to what is on this machine. */
const NETWORK = 'all';

async function toCommonJS(code: string, file: string): Promise<string> {
  translator ??= import('../../compile/translate-module.ts').then(({ openModuleTranslator }) => openModuleTranslator());
  return (await translator).soon(code, file);
}
let translator: ReturnType<typeof import('../../compile/translate-module.ts').openModuleTranslator> | undefined;

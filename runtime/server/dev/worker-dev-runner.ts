import { once } from 'node:events';
import { createServer } from 'node:net';
import { fetchTextAnywhere } from '../../code/fetch-text.ts';
import { createStorage, storageKey } from '../../context/index.ts';
import { fail } from '../../errors.ts';
import { requestId } from '../../invoke/index.ts';
import { chooseIsolation, openStarter, type Runnable, type WorkerProject } from '../../worker/index.ts';
import { definitionOf, runIn } from '../run/run-in-worker.ts';
import { CONTAINER, type DevRunner, type DevRunnerParts, settingsOf } from './dev-runner.ts';
import { keepOneWorker } from './keep-one-worker.ts';

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
  const { isolation, folder, otherFolders, limits, inspectPort, documents, onOutput } = parts;
  if (inspectPort !== undefined) await refuseTaken(inspectPort);
  await chooseIsolation(isolation, USERS, NETWORK);
  const project: WorkerProject = { folder, inspectPort, toCommonJS };
  const readable = [folder, ...otherFolders];
  const start = openStarter({ mode: isolation, readable, users: USERS, limits, network: NETWORK, project, onOutput });
  const workers = keepOneWorker(start, limits, inspectPort !== undefined);
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
        const reply = await runIn(worker, runnable, { request, settings: { ...settings, id: requestId() } });
        return reply ?? fail('RUN_CONNECTION_CLOSED', { webtask: name });
      };
    },
    reload: workers.replace,
    close: workers.close,
  };
}

/** Node says it on a terminal alone, and ends. */
async function refuseTaken(port: number): Promise<void> {
  const server = createServer();
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
  } catch (cause) {
    fail('INSPECTOR_PORT_TAKEN', { port }, { cause });
  } finally {
    server.close();
  }
}

/** Whoever develops talks to what is on this machine. */
const NETWORK = 'all';

async function toCommonJS(code: string, file: string): Promise<string> {
  translator ??= import('../../compile/translate-module.ts').then(({ openModuleTranslator }) => openModuleTranslator());
  return (await translator).soon(code, file);
}
let translator: ReturnType<typeof import('../../compile/translate-module.ts').openModuleTranslator> | undefined;

import { maskSecrets, storageKey } from '../../context/index.ts';
import { WebtaskError } from '../../errors.ts';
import type { RunReply, RunSettings } from '../../invoke/index.ts';
import type { Documents } from '../../store/index.ts';
import { createSupervisor, type Limits, type Pool, type Runnable, type Worker } from '../../worker/index.ts';
import { fetchNamed } from './fetch-named.ts';
import type { Runner, RunOrder } from './runner.ts';
import { createVersions, type VersionParts } from './versions.ts';

/** What runs in workers are made with. */
export interface WorkerRunnerParts extends Omit<VersionParts<Runnable>, 'onForgotten'> {
  readonly pool: Pool;
  readonly limits: Limits;
  /** What `context.storage` is kept in. */
  readonly openDocuments: () => Promise<Documents>;
  /** Fetches compilers and middleware. */
  readonly fetchText: (url: string) => Promise<string>;
}

/** Milliseconds beyond its limit that a worker has to say itself that a webtask did not answer. */
const GRACE_MS = 1000;

/**
 * Makes a runner that has each container's webtasks run in a process of their own.
 *
 * @see protocol reference 2.9
 */
export function createWorkerRunner({ pool, limits, openDocuments, fetchText, ...parts }: WorkerRunnerParts): Runner {
  const supervisor = createSupervisor(limits, () => performance.now());
  const versions = createVersions<Runnable>({
    ...parts,
    onForgotten: (runnable) => pool.forget(runnable.definition.container, runnable),
  });
  return {
    prepare: versions.prepare,
    forget: versions.forget,
    async run(order) {
      const runnable = await versions.get(order.version, async (source) => ({
        definition: { ...definitionOf(order.settings), file: source.file, modulePaths: source.modulePaths ?? [] },
        code: source.code,
        storageKey: storageKeyOf(order.settings),
        openDocuments,
        fetchText: fetchNamed(order.settings.meta, fetchText),
        onMessage: order.settings.onMessage ?? (() => undefined),
      }));
      const { container } = order.settings;
      supervisor.admit(container);
      const worker = await pool.workerOf(container);
      supervisor.watch(container, worker);
      return order.onReady() ? runIn(worker, runnable, order) : undefined;
    },
    async close() {
      supervisor.close();
      await pool.close();
    },
  };
}

/** A webtask that does not let go of its process cannot be cut off by it. */
export async function runIn(
  worker: Worker,
  runnable: Runnable,
  order: Pick<RunOrder, 'request' | 'settings'> & Partial<Omit<RunOrder, 'version' | 'onReady'>>,
): Promise<RunReply | undefined> {
  const { request, settings, onlyIfItWritesHeaders, onCompile, onUsage } = order;
  const { id = '', urlFormat, issue, limitMs, name = settings.container } = settings;
  const onMessage = settings.onMessage ?? (() => undefined);
  let isLate = false;
  const cutOff = (): void => {
    isLate = true;
    worker.kill('one of its webtasks did not let go of it');
  };
  const timer = limitMs > 0 ? setTimeout(cutOff, limitMs + GRACE_MS) : undefined;
  try {
    const options = { requestId: id, urlFormat, onlyIfItWritesHeaders, onMessage, issue, onCompile, onUsage };
    return await worker.run(runnable, request, options);
  } catch (error) {
    const cause = isLate
      ? new WebtaskError('RUN_TIMED_OUT', { webtask: name, limitMs })
      : masked(error, settings.secrets);
    const isLeft = request.signal?.aborted && code(cause) === 'RUN_CONNECTION_CLOSED'; // by its caller
    if (cause instanceof WebtaskError && cause.fault === 'webtask' && !isLeft) {
      const stack = cause.fields.stack;
      const message = `${name}: ${typeof stack === 'string' ? stack : cause.message}`;
      settings.onProblem?.({ kind: 'ended', message });
    }
    throw cause;
  } finally {
    clearTimeout(timer);
  }
}

function code(error: unknown): string | undefined {
  return error instanceof WebtaskError ? error.code : undefined;
}

/** A stack may have secrets in it, as the names of functions. */
function masked(error: unknown, secrets: Readonly<Record<string, string>>): unknown {
  if (!(error instanceof WebtaskError) || typeof error.fields.stack !== 'string') return error;
  const stack = maskSecrets(secrets)(error.fields.stack);
  return new WebtaskError(error.code as 'INTERNAL', { ...error.fields, stack });
}

/** What of the settings of a run all runs of a webtask have. */
export function definitionOf(settings: RunSettings): Omit<Runnable['definition'], 'file' | 'modulePaths'> {
  const { container, name, codeUrl, secrets, params, meta, parseBody, mergeBody, token, tokenId } = settings;
  const { limitMs, maxBodyBytes, issue, hints } = settings;
  return {
    container,
    name,
    codeUrl,
    secrets,
    params,
    meta,
    parseBody,
    mergeBody,
    token,
    tokenId,
    issues: issue !== undefined,
    limitMs,
    maxBodyBytes,
    hints,
  };
}

function storageKeyOf({ container, name }: RunSettings): Runnable['storageKey'] {
  return name === undefined ? undefined : storageKey(container, name);
}

import { text } from 'node:stream/consumers';
import type { RunReply, RunRequest } from '../../runtime/invoke/index.ts';
import { createDocuments, createMemoryStore } from '../../runtime/store/index.ts';
import { readLimits } from '../../runtime/worker/limits/limits.ts';
import type { Definition } from '../../runtime/worker/messages.ts';
import { openStarter } from '../../runtime/worker/open-starter.ts';
import type { Runnable } from '../../runtime/worker/request-runs.ts';
import type { Worker } from '../../runtime/worker/start-worker.ts';
import { skipUnlessShutIn } from './isolation.ts';

/** A worker for the tests of one describe, ended after each; and what its webtasks printed. */
export function useWorker(mode: 'process' | 'sandbox'): { readonly worker: Worker; readonly printed: string[] } {
  const it: { worker?: Worker; printed: string[] } = { printed: [] };
  const start = openStarter({
    mode,
    readable: [],
    users: { first: 200_000, last: 265_535 },
    limits: readLimits({}),
    network: 'none',
    onOutput: (chunk) => void it.printed.push(chunk),
  });
  before(function () {
    if (mode === 'sandbox') skipUnlessShutIn(this);
  });
  beforeEach(async () => {
    it.printed = [];
    it.worker = await start(() => undefined);
  });
  afterEach(async () => {
    it.worker?.kill('the test is over');
    await it.worker?.ended;
  });
  return {
    get worker() {
      if (!it.worker) throw new Error('the worker was not started');
      return it.worker;
    },
    get printed() {
      return it.printed;
    },
  };
}

/** A webtask of container `dev`, made of its code. */
export function runnable(code: string, parts: Partial<Definition> = {}): Runnable & { readonly printed: string[] } {
  const printed: string[] = [];
  const documents = createDocuments(createMemoryStore());
  return {
    code,
    printed,
    definition: {
      container: 'dev',
      name: 'hello',
      file: '/data/io/hello/webtask.js',
      modulePaths: [],
      secrets: {},
      params: {},
      meta: {},
      parseBody: 2,
      mergeBody: false,
      issues: false,
      limitMs: 0,
      maxBodyBytes: 1024,
      ...parts,
    },
    storageKey: { partition: 'storage/dev', sort: 'hello' },
    openDocuments: async () => documents,
    fetchText: async (url) => `the text of ${url}`,
    onMessage: (text, level) => printed.push(`${level}: ${text}`),
  };
}

/** Runs it once, and gives the head of its answer with the body still to be read. */
export async function headOf(worker: Worker, it: Runnable, request: Partial<RunRequest> = {}): Promise<RunReply> {
  const reply = await worker.run(
    it,
    { method: 'GET', url: '/', rawHeaders: ['Host', 'localhost'], ...request },
    { requestId: '1.1', urlFormat: 1, onMessage: it.onMessage },
  );
  if (reply === undefined) throw new Error('it was not run');
  return reply;
}

/** Runs it once, and reads the whole answer. */
export async function answerOf(
  worker: Worker,
  it: Runnable,
  request: Partial<RunRequest> = {},
): Promise<{ status: number; body: string; source: string }> {
  const reply = await headOf(worker, it, request);
  return { status: reply.status, body: await text(reply.body), source: reply.source };
}

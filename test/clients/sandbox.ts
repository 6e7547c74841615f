import { createRequire } from 'node:module';

/** As much of `sandboxjs` 5.0.0 as the tests use. */
export interface Sandbox {
  readonly container: string;
  readonly token: string;
  readonly url: string;
  create(code: string, options?: object): Promise<Webtask>;
  create(options: object): Promise<Webtask>;
  createRaw(claims: object): Promise<Webtask>;
  createUrl(options: object): Promise<string>;
  createToken(options: object): Promise<string>;
  createTokenRaw(claims: object): Promise<string>;
  createWebtask(options: object): Promise<Webtask>;
  run(code: string, options?: object): Promise<RunResult>;
  getWebtask(options: object): Promise<Webtask>;
  listWebtasks(options: object): Promise<Webtask[]>;
  removeWebtask(options: object): Promise<boolean>;
  updateWebtask(options: object): Promise<Webtask>;
  inspectToken(options: object): Promise<Record<string, unknown>>;
  revokeToken(token: string): Promise<unknown>;
  getStorage(options: object): Promise<Stored>;
  updateStorage(storage: object, options: object): Promise<Stored>;
  createCronJob(options: object): Promise<CronJob>;
  getCronJob(options: object): Promise<CronJob>;
  listCronJobs(options?: object): Promise<CronJob[]>;
  ensureNodeModules(options: object): Promise<Record<string, unknown>[]>;
  createLogStream(): LogStream;
}

/** A webtask, as the client has it. */
export interface Webtask {
  readonly claims: Record<string, unknown>;
  readonly token: string;
  readonly url: string;
  readonly container: string;
  readonly meta: Record<string, string>;
  readonly secrets?: Record<string, string>;
  readonly code?: string;
  run(options?: object): Promise<RunResult>;
  inspect(options: object): Promise<Record<string, unknown>>;
  update(options: object): Promise<Webtask>;
  remove(): Promise<boolean>;
  revoke(): Promise<unknown>;
  createCronJob(options: object): Promise<CronJob>;
}

/** What a run answered. */
export interface RunResult {
  readonly statusCode: number;
  readonly text: string;
  readonly body: Record<string, unknown>;
}

/** The document of a webtask's storage. */
export interface Stored {
  readonly data?: unknown;
  readonly etag?: string;
}

/** A cron job, as the client has it. */
export interface CronJob {
  readonly name: string;
  readonly state: string;
  readonly claims: Record<string, unknown>;
  readonly url: string;
  getHistory(options?: object): Promise<Record<string, unknown>[]>;
  setJobState(options: object): Promise<unknown>;
  inspect(options: object): Promise<Record<string, unknown>>;
  refresh(): Promise<CronJob>;
  remove(): Promise<unknown>;
}

/** The records of a container's log. */
export interface LogStream {
  on(event: 'data', listener: (record: Record<string, unknown>) => void): this;
  once(event: 'open' | 'close' | 'error', listener: () => void): this;
  destroy(): void;
}

/** The module itself; it is a CommonJS module of another time, so that its types are ours. */
export function loadSandboxjs(): {
  init(options: object): Sandbox;
  fromToken(token: string, options?: object): Sandbox;
} {
  return createRequire(import.meta.url)('sandboxjs') as ReturnType<typeof loadSandboxjs>; // shapes as in its README
}

/** The error that a promise ends in. */
export function failure(promise: Promise<unknown>): Promise<{ statusCode?: number; message: string }> {
  return promise.then(
    () => {
      throw new Error('it succeeded');
    },
    (error: { message: string }) => error,
  );
}

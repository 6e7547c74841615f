import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fetchTextAnywhere } from '../code/fetch-text.ts';
import { type CompiledWebtask, compileWebtask, type ModuleWebtask, type WebtaskSource } from '../compile/index.ts';
import { maskSecrets } from '../context/index.ts';
import { fail } from '../errors.ts';
import { callInRun } from '../invoke/active-run.ts';
import { type RunProblem, type RunReply, type RunSettings, runWebtask } from '../invoke/index.ts';
import { collectLines } from '../invoke/lines.ts';
import { webtaskName, webtaskSettings } from '../project/index.ts';
import { currentTest, limitOf, noteProblem, type TestRecord, takeProblems } from './current-test.ts';
import { explain } from './explain.ts';
import { type TestRequest, toRunRequest } from './request.ts';
import { maskedBy, readResponse, type StreamingResponse, type TestResponse, toHeaders } from './response.ts';
import { testStorage } from './storage.ts';

/** What a test says of the webtask that it loads. What it leaves out is taken from package.json and `.env`. */
export interface WebtaskOptions {
  /** Names to take from the environment or `.env`, or values. */
  readonly secrets?: readonly string[] | Readonly<Record<string, string>>;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly meta?: Readonly<Record<string, string>>;
  /** `true` also for `(context, req, res)`, `false` never; by default for webtasks with a callback. */
  readonly parseBody?: boolean;
  /** Whether body keys are added to `context.data`. */
  readonly mergeBody?: boolean;
  /** The document that `context.storage` begins with; an empty one by default. */
  readonly storage?: unknown;
  /** Milliseconds until a webtask that does not answer fails the test. */
  readonly limitMs?: number;
}

/** A webtask that is loaded for a test. */
export interface Task {
  readonly name: string;
  readonly file: string;
  /** Sends a request and reads the answer to its end. */
  request(request?: TestRequest): Promise<TestResponse>;
  get(url?: string, request?: TestRequest): Promise<TestResponse>;
  put(url?: string, request?: TestRequest): Promise<TestResponse>;
  post(url?: string, request?: TestRequest): Promise<TestResponse>;
  delete(url?: string, request?: TestRequest): Promise<TestResponse>;
  /** Sends a request and gives the answer as soon as its head is there. */
  stream(request?: TestRequest): Promise<StreamingResponse>;
}

/**
 * Loads a webtask for a test: compiles its file as the platform does, with the secrets that it will have.
 *
 * @param file - path of the webtask, from the working directory
 * @returns what requests are sent to; a webtask that never answers, or answers twice, fails the test by file and line
 * @throws COMPILE_FAILED and the other errors of compiling; SECRET_MISSING; HARNESS_NO_FILE
 *
 * @example
 * const task = await webtask('webtasks/revoke_dynamodb.ts', { secrets: ['TABLE', 'REGION'] });
 * const { status } = await task.get('/?jti=x');
 */
export async function webtask(file: string, options: WebtaskOptions = {}): Promise<Task> {
  try {
    return await loadTask(resolve(file), options);
  } catch (error) {
    throw explain(error);
  }
}

async function loadTask(file: string, options: WebtaskOptions): Promise<Task> {
  const name = webtaskName(file);
  const code = await readFile(file, 'utf8').catch((cause) => fail('HARNESS_NO_FILE', { file }, { cause }));
  const given = webtaskSettings(file, options);
  const mask = maskSecrets(given.secrets);
  const storage = testStorage(options.storage, name);

  /** Takes what the webtask prints and does wrong, for the test that called it. */
  const watch = (test: TestRecord) => ({
    onLine: (line: string) => void test.lines.push(`${name} | ${mask(line)}`),
    onProblem: ({ kind, message }: RunProblem) => noteProblem(test, { kind, message: mask(message) }),
  });

  const compiled = await compileQuietly(
    { code, file, fetchText: fetchTextAnywhere },
    { ...given, storage: storage() },
    watch(currentTest()),
  );

  const send = async (request: TestRequest, logs: string[]): Promise<RunReply> => {
    const test = currentTest();
    const { onLine, onProblem } = watch(test);
    const settings: RunSettings = {
      ...given,
      storage: storage(),
      container: 'webtask-local',
      name,
      urlFormat: 3,
      limitMs: options.limitMs ?? limitOf(test),
      maxBodyBytes: 1024 * 1024,
      onProblem,
      onLine(line) {
        logs.push(line);
        onLine(line);
      },
    };
    const reply = await runWebtask(compiled, toRunRequest(request), settings);
    failOnProblem(test);
    return reply;
  };
  const request = async (request: TestRequest = {}): Promise<TestResponse> => {
    const test = currentTest();
    const startedAt = performance.now();
    const logs: string[] = [];
    const response = await readResponse(await send(request, logs), logs, startedAt);
    failOnProblem(test);
    return maskedBy(response, mask);
  };
  const method =
    (method: string) =>
    (url = '/', rest: TestRequest = {}) =>
      request({ ...rest, method, url });

  return {
    name,
    file,
    request,
    get: method('GET'),
    put: method('PUT'),
    post: method('POST'),
    delete: method('DELETE'),
    async stream(request = {}) {
      const logs: string[] = [];
      const reply = await send(request, logs);
      const head = { status: reply.status, headers: toHeaders(reply.rawHeaders), logs };
      return maskedBy({ ...head, stream: reply.body }, mask);
    },
  };
}

/** Compiles a webtask; what it prints while it loads is the test's, as what it prints later. */
async function compileQuietly(
  source: WebtaskSource,
  given: ModuleWebtask,
  { onLine, onProblem }: { onLine: (line: string) => void; onProblem: (problem: RunProblem) => void },
): Promise<CompiledWebtask> {
  const output = collectLines(onLine);
  const onUncaught = (error: unknown): void => {
    const stack = error instanceof Error ? error.stack : error;
    onProblem({ kind: 'threw-after-answer', message: `${source.file} was loaded when it threw ${stack}` });
  };
  try {
    return await callInRun({ onUncaught, onOutput: output.push }, () => compileWebtask(source, given));
  } finally {
    output.flush();
  }
}

/**
 * Fails with the first thing that a webtask did wrong in a test and that no answer shows.
 *
 * @throws HARNESS_PROBLEM
 */
export function failOnProblem(test: TestRecord): void {
  const [problem] = takeProblems(test);
  if (problem) fail('HARNESS_PROBLEM', { problem: problem.message });
}

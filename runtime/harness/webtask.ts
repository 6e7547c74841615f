import { readFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { fetchTextAnywhere } from '../code/fetch-text.ts';
import { maskSecrets } from '../context/index.ts';
import { fail, WebtaskError } from '../errors.ts';
import { loadWebtask, type RunProblem, type RunReply, type RunSettings, runWebtask } from '../invoke/index.ts';
import { functionPlace } from '../invoke/place.ts';
import { listWebtasks, webtaskName, webtaskSettings } from '../project/index.ts';
import { currentTest, limitOf, noteProblem, type TestRecord, takeProblems } from './current-test.ts';
import { explain } from './explain.ts';
import { checkMembers } from './known-members.ts';
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

const OPTIONS = Object.keys({
  secrets: true,
  params: true,
  meta: true,
  parseBody: true,
  mergeBody: true,
  storage: true,
  limitMs: true,
} satisfies Record<keyof WebtaskOptions, true>);

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
 * @throws COMPILE_FAILED and the other errors of compiling; SECRET_MISSING; HARNESS_NO_FILE, HARNESS_NAME_TWICE, HARNESS_OPTION
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
  checkMembers('webtask(file, options)', options, OPTIONS);
  const name = webtaskName(file);
  const code = await readFile(file, 'utf8').catch((cause) => fail('HARNESS_NO_FILE', { file }, { cause }));
  const other = listWebtasks(dirname(file)).find((it) => it !== file && webtaskName(it) === name);
  if (other !== undefined) fail('HARNESS_NAME_TWICE', { first: basename(file), second: basename(other), name });
  const given = webtaskSettings(file, options);
  const mask = maskSecrets(given.secrets);
  const storage = testStorage(options.storage, name);

  /** Takes what the webtask prints and does wrong, for the test that called it. */
  const watch = (test: TestRecord) => ({
    onLine: (line: string) => void test.lines.push(`${name} | ${mask(line)}`),
    onProblem: ({ kind, message }: RunProblem) => noteProblem(test, { kind, message: mask(message) }),
  });

  const { onLine, onProblem } = watch(currentTest());
  const compiled = await loadWebtask(
    { code, file, fetchText: fetchTextAnywhere },
    { ...given, storage: storage() },
    { onLine, onThrow: (message) => onProblem({ kind: 'threw-after-answer', message }) },
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
      hints: true,
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
    const reply = await send(request, logs);
    const endless = limitRead(reply, options.limitMs ?? limitOf(test), functionPlace(compiled));
    try {
      const response = await readResponse(reply, logs, startedAt);
      failOnProblem(test);
      return maskedBy(response, mask);
    } catch (cause) {
      failOnProblem(test); // which says why the answer broke off
      throw cause instanceof WebtaskError ? cause : new WebtaskError('RUN_CUT_OFF', { webtask: name }, { cause });
    } finally {
      clearTimeout(endless);
    }
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

/** Gives up on a body that does not end: `limitMs` is 0 for never. */
function limitRead({ body }: RunReply, limitMs: number, place: string): NodeJS.Timeout | undefined {
  if (limitMs === 0) return undefined;
  const problem = `${place} never ended its response within ${limitMs} ms.`;
  return setTimeout(() => body.destroy(new WebtaskError('HARNESS_PROBLEM', { problem })), limitMs);
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

import { readFile } from 'node:fs/promises';
import { basename, extname, resolve } from 'node:path';
import { compileWebtask } from '../compile/index.ts';
import { fail } from '../errors.ts';
import { type RunReply, type RunSettings, runWebtask } from '../invoke/index.ts';
import { webtaskSettings } from '../project/index.ts';
import { currentLimitMs, noteLine, noteProblem, takeProblems } from './current-test.ts';
import { type TestRequest, toRunRequest } from './request.ts';
import { readResponse, type StreamingResponse, type TestResponse, toHeaders } from './response.ts';
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
  const path = resolve(file);
  const name = basename(path, extname(path));
  const code = await readFile(path, 'utf8').catch((cause) => fail('HARNESS_NO_FILE', { file: path }, { cause }));
  const given = webtaskSettings(path, options);
  const storage = testStorage(options.storage, name);
  const compiled = await compileWebtask({ code, file: path }, { ...given, storage: storage() });

  const send = async (request: TestRequest, logs: string[]): Promise<RunReply> => {
    const settings: RunSettings = {
      ...given,
      storage: storage(),
      container: 'webtask-local',
      name,
      urlFormat: 3,
      limitMs: options.limitMs ?? currentLimitMs(),
      maxBodyBytes: 1024 * 1024,
      onProblem: noteProblem,
      onLine(line) {
        logs.push(line);
        noteLine(name, line, given.secrets);
      },
    };
    const reply = await runWebtask(compiled, toRunRequest(request), settings);
    failOnProblem();
    return reply;
  };
  const request = async (request: TestRequest = {}): Promise<TestResponse> => {
    const startedAt = performance.now();
    const logs: string[] = [];
    const response = await readResponse(await send(request, logs), logs, startedAt);
    failOnProblem();
    return response;
  };
  const method =
    (method: string) =>
    (url = '/', rest: TestRequest = {}) =>
      request({ ...rest, method, url });

  return {
    name,
    file: path,
    request,
    get: method('GET'),
    put: method('PUT'),
    post: method('POST'),
    delete: method('DELETE'),
    async stream(request = {}) {
      const logs: string[] = [];
      const reply = await send(request, logs);
      return { status: reply.status, headers: toHeaders(reply.rawHeaders), logs, stream: reply.body };
    },
  };
}

/**
 * Fails with the first thing that a webtask did wrong and that no answer shows.
 *
 * @throws HARNESS_PROBLEM
 */
export function failOnProblem(): void {
  const [problem] = takeProblems();
  if (problem) fail('HARNESS_PROBLEM', { problem: problem.message, kind: problem.kind });
}

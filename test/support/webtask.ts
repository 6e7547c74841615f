import { compileWebtask, type ModuleWebtask } from '../../runtime/compile/index.ts';
import { type RunReply, type RunRequest, type RunSettings, runWebtask } from '../../runtime/invoke/index.ts';

/** What `module.webtask` holds where a test says nothing else. */
export const NOTHING_GIVEN: ModuleWebtask = { secrets: {}, meta: {}, params: {}, storage: undefined };

/** Settings of a run where a test says nothing else. */
export const SETTINGS: RunSettings = {
  secrets: {},
  params: {},
  meta: {},
  parseBody: 2,
  mergeBody: false,
  // A test that uses storage gives one.
  storage: {} as RunSettings['storage'],
  container: 'test',
  name: 'hello',
  urlFormat: 1,
  limitMs: 1000,
  maxBodyBytes: 1024,
};

/** An answer that was read to its end. */
export interface ReadReply {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly source: RunReply['source'];
}

/** Compiles code and runs it once. */
export async function run(
  code: string,
  request: Partial<RunRequest> = {},
  settings: Partial<RunSettings> = {},
): Promise<ReadReply> {
  const webtask = await compileWebtask({ code, file: '/app/hello.js' }, NOTHING_GIVEN);
  const reply = await runWebtask(
    webtask,
    { method: 'GET', url: '/', rawHeaders: [], ...request },
    { ...SETTINGS, ...settings },
  );
  return readReply(reply);
}

/** Reads an answer to its end. */
export async function readReply(reply: RunReply): Promise<ReadReply> {
  const chunks: Buffer[] = [];
  for await (const chunk of reply.body as AsyncIterable<Buffer>) chunks.push(chunk);
  const headers: Record<string, string> = {};
  for (let i = 0; i < reply.rawHeaders.length; i += 2)
    headers[reply.rawHeaders[i] ?? ''] = reply.rawHeaders[i + 1] ?? '';
  return { status: reply.status, headers, body: Buffer.concat(chunks).toString(), source: reply.source };
}

/** The raw headers and the body of a request. */
export function withBody(type: string, body: string): Partial<RunRequest> {
  return {
    method: 'POST',
    rawHeaders: ['Content-Type', type, 'Content-Length', String(Buffer.byteLength(body))],
    body,
  };
}

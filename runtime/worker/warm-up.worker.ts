import { once } from 'node:events';
import { duplexPair } from 'node:stream';
import { createDecoder } from './decode.ts';
import { createFrameWriter } from './frame-writer.ts';
import { writeRunHead } from './heads.ts';
import type { Definition, RunHead } from './messages.ts';
import { serveRuns } from './serve-runs.worker.ts';

const CODE = `module.exports = (context, callback) => callback(null, { path: context.query.path });`;

const DEFINITION: Definition = {
  container: 'warm-up',
  file: '/warm-up.js',
  modulePaths: [],
  secrets: {},
  params: {},
  meta: {},
  parseBody: 2,
  mergeBody: false,
  issues: false,
  limitMs: 10_000,
  maxBodyBytes: 1024,
};

const REQUEST: RunHead = {
  of: 1,
  method: 'GET',
  url: '/?path=warm-up',
  rawHeaders: ['Host', 'localhost', 'Accept', '*/*'],
  onlyIfItWritesHeaders: false,
  urlFormat: 1,
  requestId: '0',
};

/**
 * Runs a webtask once, from frame to frame, while nobody waits: otherwise the first request of a container would wait
 * for code of Node and of the kit to be loaded and compiled, which takes three times as long as the run.
 *
 * @returns the frames that the worker sent: their types and their bytes
 */
export async function warmUp(): Promise<readonly string[]> {
  const [server, worker] = duplexPair();
  serveRuns(worker, () => undefined);
  const sent: string[] = [];
  const answered = new Promise<void>((resolve) => {
    const decode = createDecoder('worker', ({ type, last, bytes }) => {
      sent.push(`${type} ${bytes}`);
      if (last) resolve();
    });
    server.on('data', decode);
  });
  const frames = createFrameWriter();
  frames.add('define', 1, false, JSON.stringify(DEFINITION), Buffer.from(CODE));
  frames.add('run', 2, true, writeRunHead(REQUEST));
  for (const piece of frames.take()) server.write(piece);
  await answered;
  worker.destroy();
  await once(worker, 'close');
  return sent;
}

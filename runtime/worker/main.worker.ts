/**
 * The program of a worker: it runs webtasks of one container for the server that started it, which is at the other end
 * of the pipe that is its descriptor 3.
 */
import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { serveRuns } from './serve-runs.worker.ts';

serveRuns(new Socket({ fd: 3, readable: true, writable: true }), (reason) => {
  if (reason) writeSync(2, `${reason.stack}\n`); // at once, since the process ends
  process.exit(reason ? 1 : 0);
});

/**
 * The program of a worker: it runs webtasks of one container for the server that started it, which is at the other end
 * of the pipe that is its descriptor 3.
 */
import { fstatSync, writeFileSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { runningId } from '../invoke/index.ts';
import { silenceNotices } from '../silence-notices.ts';
import { closeInherited } from './close-inherited.worker.ts';
import { startWatchdog } from './limits/watchdog.worker.ts';
import { MEMORY_DESCRIPTOR } from './memory-descriptor.ts';
import { FOR_PROJECT } from './modules-descriptor.ts';
import type { NetworkPolicy } from './network/policy.ts';
import { wearSeatBelt } from './network/seat-belt.worker.ts';
import { serveOwnModules } from './own-modules.worker.ts';
import { serveRuns } from './serve-runs.worker.ts';
import { createSharedMemory, type SharedMemory } from './shared-memory.ts';
import { warmUp } from './warm-up.worker.ts';

/** Milliseconds in which a server that waits for this worker sends it something. */
const IDLE_MS = 100;

const [network = 'all', forWhom] = process.argv.splice(2); // who is shut in has no policy to keep
closeInherited();
keepInspectorShut();
wearSeatBelt(network as NetworkPolicy);
silenceNotices(process.env);
if (forWhom === FOR_PROJECT) serveOwnModules();
endFirst();
warmUp().then(() => {
  const pipe = new Socket({ fd: 3, readable: true, writable: true });
  startBeforeOthers(pipe);
  serveRuns(
    pipe,
    (reason) => {
      if (reason) writeSync(2, `${reason.stack}\n`); // at once, since the process ends
      process.exit(reason ? 1 : 0);
    },
    sharedMemory(),
  );
});

/** What it shares with its server, where that has such memory. */
function sharedMemory(): SharedMemory | undefined {
  try {
    return fstatSync(MEMORY_DESCRIPTOR).isFile() ? createSharedMemory(MEMORY_DESCRIPTOR, 'worker') : undefined;
  } catch {
    return undefined; // elsewhere than on Linux there may be nothing at all
  }
}

/**
 * Starts the watchdog before there is code of anybody else. Its thread takes as long as all else until then, and would
 * take it from a server that is starting, and from the network of this worker.
 */
function startBeforeOthers(pipe: Socket): void {
  const timer = setTimeout(start, IDLE_MS);
  pipe.once('data', start); // ahead of who takes the frames

  function start(): void {
    clearTimeout(timer);
    pipe.off('data', start);
    startWatchdog(where);
  }
}

/** Node opens a port for debuggers at this signal where nothing else is done at it. Newer ones are started without that. */
function keepInspectorShut(): void {
  if (!process.allowedNodeEnvironmentFlags.has('--disable-sigusr1')) process.on('SIGUSR1', () => undefined);
}

/** The server says so of the process that it starts, which may have started this one before. */
function endFirst(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '1000');
  } catch {
    // Elsewhere than on Linux nobody asks.
  }
}

/** In the middle of whatever is running. */
function where(): { run: string | undefined; stack: string } {
  const usual = Error.stackTraceLimit;
  Error.stackTraceLimit = 50;
  const stack = String(new Error().stack);
  Error.stackTraceLimit = usual;
  return { run: runningId(), stack };
}

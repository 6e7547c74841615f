import { AsyncLocalStorage } from 'node:async_hooks';
import type { OutputStream } from './lines.ts';

/** The run that a line of output or an uncaught error belongs to. */
export interface ActiveRun {
  /** The id of its request; none while code loads. */
  readonly id?: string | undefined;
  /** An error that no code of the webtask caught; `thrown` where it was no promise's. */
  onUncaught(error: unknown, how: 'thrown' | 'rejected'): void;
  /** Text that the webtask printed; without it the text goes where it would have gone. */
  readonly onOutput?: ((text: string, stream: OutputStream) => void) | undefined;
}

const runs = new AsyncLocalStorage<ActiveRun | undefined>();
let watching = false;

/**
 * Calls a function as part of a run, so that whatever it prints or throws, also later, is known to be of that run.
 */
export function callInRun<T>(run: ActiveRun, call: () => T): T {
  if (!watching) watch();
  // Each time, since others take it away: mocha, between the files that one of its workers runs.
  if (process.listenerCount('unhandledRejection', takeRejection) === 0) process.on('unhandledRejection', takeRejection);
  return runs.run(run, call);
}

/** The id of the request that the code which is running now belongs to. */
export function runningId(): string | undefined {
  return runs.getStore()?.id;
}

/** Calls a function of the platform's from within a run: what it prints is not the webtask's. */
export function leaveRun(call: () => void): void {
  runs.run(undefined, call); // exit() would take the run away from everything else that begins meanwhile
}

function watch(): void {
  watching = true;
  divertOutput('stdout');
  divertOutput('stderr');
  // A capture callback comes before every listener, and knows the run that the error was thrown in.
  if (!process.hasUncaughtExceptionCaptureCallback()) process.setUncaughtExceptionCaptureCallback(takeUncaught);
  watchMicrotasks();
}

/** Node has left the run when it says what a microtask threw, so that it is caught here. */
function watchMicrotasks(): void {
  const { queueMicrotask } = globalThis;
  globalThis.queueMicrotask = (call) => {
    const run = runs.getStore();
    if (!run || typeof call !== 'function') return queueMicrotask(call);
    queueMicrotask(() => {
      try {
        call();
      } catch (error) {
        run.onUncaught(error, 'thrown');
      }
    });
  };
}

function divertOutput(name: OutputStream): void {
  const stream = process[name];
  const write = stream.write;
  stream.write = function (this: typeof stream, chunk: string | Uint8Array, ...rest: unknown[]): boolean {
    const onOutput = runs.getStore()?.onOutput;
    // `rest` is (encoding?, callback?) and the overloads of write() cannot be spelled as one call.
    if (!onOutput) return write.apply(this, [chunk, ...rest] as unknown as Parameters<typeof write>);
    const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
    leaveRun(() => onOutput(text, name));
    const done = rest.at(-1);
    if (typeof done === 'function') process.nextTick(done as () => void); // called without arguments, as after a success
    return true;
  } as typeof write;
}

// mocha emits a rejection a second time.
const seenRejections = new WeakSet<Promise<unknown>>();

function takeRejection(reason: unknown, promise: Promise<unknown>): void {
  const run = runs.getStore();
  if (!run) {
    // With no other listener, what Node does by itself.
    if (process.listenerCount('unhandledRejection') === 1) throw reason;
  } else if (!seenRejections.has(promise)) {
    seenRejections.add(promise);
    run.onUncaught(reason, 'rejected');
  }
}

function takeUncaught(error: unknown): void {
  const run = runs.getStore();
  if (run) {
    run.onUncaught(error, 'thrown');
    return;
  }
  // Not of a webtask: what would have happened without us.
  if (process.listenerCount('uncaughtException') > 0) {
    process.emit('uncaughtException', error as Error); // whatever was thrown, as Node does
    return;
  }
  process.setUncaughtExceptionCaptureCallback(null);
  queueMicrotask(() => {
    throw error;
  });
}

import { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Readable } from 'node:stream';
import type { IssueForRun } from '../context/index.ts';
import { WebtaskError } from '../errors.ts';
import type { OutputLevel, RunProblem, RunReply, RunRequest, RunUsage } from '../invoke/index.ts';
import type { Answers } from './answer-call.ts';
import { keepByNumber } from './by-number.ts';
import { writeRunHead } from './heads.ts';
import type { Limits } from './limits/limits.ts';
import { openLink } from './link.ts';
import type { Definition } from './messages.ts';
import { type Sending, sendBody } from './send-body.ts';
import type { SharedMemory } from './shared-memory.ts';
import { createTaker, type RunsState } from './take-frames.ts';

/** Receives what a webtask printed. */
export type OnMessage = (text: string, level: OutputLevel) => void;

/** The limit that a worker went beyond, and the id of the request to blame, where it is known. */
export interface Breach {
  readonly error: WebtaskError;
  readonly blamed?: string | undefined;
}

/** What happens to the runs of a worker. */
export interface RunsEvents {
  /** Nothing more is read of it, and why. */
  onBroken(reason: string, breach?: Breach): void;
  /** Nothing more comes. */
  onClosed(): void;
  /** The last request was answered. */
  onIdle(): void;
}

/** What a worker can be asked to run, and what its server does for it. */
export interface Runnable extends Answers {
  readonly definition: Definition;
  readonly code: string;
  /** For what is printed while the code loads, and after a run. */
  readonly onMessage: OnMessage;
  /** What is probably a mistake of the webtask; a message as any other where nobody asks for more. */
  readonly onProblem?: ((problem: RunProblem) => void) | undefined;
}

/** What is of one request only. */
export interface RunOptions {
  readonly requestId: string;
  readonly urlFormat: 1 | 2 | 3;
  /** Leaves those alone that only call back. */
  readonly onlyIfItWritesHeaders?: boolean | undefined;
  readonly onMessage: OnMessage;
  readonly issue?: IssueForRun | undefined;
  /** Is told when the worker has to compile for it. */
  readonly onCompile?: (() => void) | undefined;
  /** Is told what it has used, before its answer ends; not where the worker ends first, or the caller leaves. */
  readonly onUsage?: ((usage: RunUsage) => void) | undefined;
}

/** The server's end of the runs in a worker. */
export interface Runs {
  /** Resolves when the worker takes requests. */
  readonly ready: Promise<void>;
  /** Requests that are being answered. */
  readonly count: number;
  /**
   * Runs a webtask for one request, as `runWebtask` does in this process.
   *
   * @returns the answer; none where it was not to be run
   * @throws what loading and running throw, and WORKER_ENDED
   */
  run(runnable: Runnable, request: RunRequest, options: RunOptions): Promise<RunReply | undefined>;
  /** Has the worker forget what it compiled. */
  forget(runnable: Runnable): void;
  /** Whether its webtasks have left it so that the next request can be answered. */
  readonly isFit: boolean;
  /** The container whose webtasks it runs; none yet is empty. */
  readonly container: string;
  /** Takes what was printed past the webtasks' own streams, and says whether it was a webtask's. */
  print(text: string): boolean;
  /** Asks the worker for a sign of life. */
  ping(onPong: () => void): void;
  /**
   * Nothing more will come: what runs fails with WORKER_ENDED and that reason.
   *
   * @param breach - of a limit, where that was why: it is the error of the request to blame, or of each of them where
   * that is not known
   */
  end(reason: string, breach?: Breach): void;
}

/**
 * Has the worker at the other end of a pipe run webtasks.
 *
 * Nothing that it sends is believed: what is no frame, or not one that was asked for, breaks the pipe.
 *
 */
export function requestRuns(
  pipe: Duplex,
  limits: Limits,
  { onBroken, onClosed, onIdle }: RunsEvents,
  memory?: SharedMemory,
): Runs {
  const state: RunsState = {
    running: keepByNumber(),
    runnables: new Map(),
    issuers: new Map(),
    container: '',
    count: 0,
  };
  const { running, runnables, issuers } = state;
  const ids = new WeakMap<Runnable, number>();
  let ended: string | undefined;
  let isFit = true;
  let printed = 0;
  let onPong: (() => void) | undefined;
  let onReady: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => {
    onReady = resolve;
  });
  const taker = createTaker(state, limits, {
    sendTaken: (id, bytes) => link.send('taken', id, { head: bytes }),
    sendResult: (id, result) => link.send('result', id, { bytes: Buffer.from(JSON.stringify(result)) }),
    unread: () => pipe.writableLength,
    onPrinted,
    onBreach: (error, blamed) => onBroken(error.message, { error, blamed }),
    onReady: () => onReady(),
    onPong() {
      onPong?.();
      onPong = undefined;
    },
    onUnfit() {
      isFit = false;
    },
    finish,
    abort,
  });
  const link = openLink(
    pipe,
    'worker',
    taker.take,
    (error) => {
      isFit = false; // nothing that is sent from now on would arrive
      if (error === undefined) onClosed();
      else onBroken(error instanceof WebtaskError ? error.message : 'it sent what cannot be read');
    },
    memory,
  );

  /** Lets others have their turn before more is read of what prints a lot. */
  function onPrinted(bytes: number): void {
    printed += bytes;
    if (printed < PRINTED_BYTES || pipe.isPaused()) return;
    printed = 0;
    pipe.pause();
    setImmediate(() => pipe.resume());
  }

  function finish(id: number): void {
    running.get(id)?.request?.stop();
    if (running.delete(id) && running.size === 0) onIdle();
  }

  function abort(id: number): void {
    if (!running.get(id)) return;
    taker.abort();
    finish(id);
    link.send('abort', id);
  }

  function define(runnable: Runnable, onDefine: (() => void) | undefined): number {
    const known = ids.get(runnable);
    if (known !== undefined) return known;
    const { container } = runnable.definition;
    if (state.container !== '' && state.container !== container) {
      throw new Error(`a worker of ${state.container} was given to ${container}`);
    }
    onDefine?.();
    state.count += 1;
    state.container = container;
    ids.set(runnable, state.count);
    runnables.set(state.count, runnable);
    link.send('define', state.count, { head: runnable.definition, bytes: Buffer.from(runnable.code) });
    return state.count;
  }

  function start(
    runnable: Runnable,
    { method, url, rawHeaders, body, signal, address }: RunRequest,
    options: RunOptions,
  ): Promise<RunReply | undefined> {
    if (ended !== undefined) return Promise.reject(new WebtaskError('WORKER_ENDED', { reason: ended }));
    return new Promise((onReply, onError) => {
      const of = define(runnable, options.onCompile);
      if (options.issue) issuers.set(of, options.issue);
      state.count += 1;
      const id = state.count;
      const { urlFormat, requestId, onlyIfItWritesHeaders = false } = options;
      const tellsUsage = options.onUsage !== undefined;
      const head = writeRunHead({
        of,
        method,
        url,
        rawHeaders,
        address,
        onlyIfItWritesHeaders,
        urlFormat,
        requestId,
        tellsUsage,
      });
      let request: Sending | undefined;
      const arrived = body instanceof Readable ? readArrived(body) : body;
      if (arrived instanceof Readable) {
        link.send('run', id, { head });
        request = sendBody(
          arrived,
          0,
          (bytes, last) => link.send('body', id, { bytes, last }),
          () => abort(id),
        );
      } else {
        const bytes = typeof arrived === 'string' ? Buffer.from(arrived) : arrived;
        link.send('run', id, { head, last: true, bytes });
      }
      const { name = runnable.definition.container } = runnable.definition;
      running.set(id, { name, request, options, onReply, onError, bytes: 0 });
      const leave = (): void => {
        if (!running.get(id)) return;
        abort(id);
        onError(new WebtaskError('RUN_CONNECTION_CLOSED', { webtask: name }));
      };
      if (signal?.aborted) leave();
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  return {
    ready,
    run: start,
    get count() {
      return running.size;
    },
    forget(runnable) {
      const id = ids.get(runnable);
      if (id === undefined) return;
      ids.delete(runnable);
      runnables.delete(id);
      issuers.delete(id);
      link.send('forget', id);
    },
    get isFit() {
      return isFit;
    },
    get container() {
      return state.container;
    },
    print: taker.print,
    ping(callback) {
      onPong = callback;
      link.send('ping', 0);
    },
    end(reason, breach) {
      if (ended !== undefined) return;
      ended = reason;
      const all = running.all();
      // Of what goes on after an answer, the log of the container alone can tell.
      if (breach && all.length === 0) runnables.values().next().value?.onMessage(breach.error.message, 50);
      for (const { request, reply, options, onError } of all) {
        const isBlamed = breach && (breach.blamed ?? options.requestId) === options.requestId;
        const error = isBlamed ? breach.error : new WebtaskError('WORKER_ENDED', { reason });
        request?.stop();
        if (!reply) onError(error);
        else {
          options.onMessage(error.message, 50); // its answer has begun, and cannot say so
          reply.breakOff(error);
        }
      }
      running.clear();
    },
  };
}

/** Bytes that a worker may have printed before others have a turn: to show them takes some milliseconds. */
const PRINTED_BYTES = 64 << 10;
/** Bytes of a request's body that may go in one frame with its head. */
const FIRST_BYTES = 64 << 10;

/** A body that is all there already needs no stream. */
function readArrived(body: Readable): Readable | Buffer {
  const isWhole = body instanceof IncomingMessage && body.complete && body.readableLength <= FIRST_BYTES;
  if (!isWhole || body.readableLength === 0 || body.readableFlowing !== null) return body;
  const bytes: Buffer = body.read();
  body.resume(); // to its end
  return bytes;
}

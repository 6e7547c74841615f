import type { Duplex } from 'node:stream';
import { Readable } from 'node:stream';
import type { IssueForRun } from '../context/index.ts';
import { fail, WebtaskError } from '../errors.ts';
import type { OutputLevel, RunReply, RunRequest } from '../invoke/index.ts';
import { type Answers, answerCall } from './answer-call.ts';
import type { Frame } from './frame.ts';
import { openLink } from './link.ts';
import type { Call, Definition, MessageHead, RunHead } from './messages.ts';
import { readBroken, readReply } from './read-messages.ts';
import { type Receiving, receiveBody } from './receive-body.ts';
import { type Sending, sendBody } from './send-body.ts';

/** Receives what a webtask printed. */
export type OnMessage = (text: string, level: OutputLevel) => void;

/** What a worker can be asked to run, and what its server does for it. */
export interface Runnable extends Answers {
  readonly definition: Definition;
  readonly code: string;
  /** For what is printed while the code loads, and after a run. */
  readonly onMessage: OnMessage;
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
  /** Nothing more will come: what runs fails with WORKER_ENDED and that reason. */
  end(reason: string): void;
}

interface Running {
  readonly options: RunOptions;
  readonly request: Sending | undefined;
  readonly onReply: (reply: RunReply | undefined) => void;
  readonly onError: (error: Error) => void;
  reply?: Receiving;
}

const LEVELS: ReadonlySet<number> = new Set([10, 20, 30, 40, 50]);
/** Bytes of a request's body that may go in one frame with its head. */
const _FIRST_BYTES = 64 << 10;

/**
 * Has the worker at the other end of a pipe run webtasks.
 *
 * Nothing that it sends is believed: what is no frame, or not one that was asked for, breaks the pipe.
 *
 * @param onBroken - is told once why nothing more can come
 * @param onIdle - is told when the last request was answered
 */
export function requestRuns(pipe: Duplex, onBroken: (reason: string) => void, onIdle: () => void): Runs {
  const running = new Map<number, Running>();
  const runnables = new Map<number, Runnable>();
  const ids = new WeakMap<Runnable, number>();
  /** Who issued for the last run of each: code may ask when its run is over. */
  const issuers = new Map<number, IssueForRun>();
  let count = 0;
  let ended: string | undefined;
  let onReady: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => {
    onReady = resolve;
  });
  const link = openLink(pipe, 'worker', take, (error) => onBroken(error?.message ?? 'its pipe was closed'));

  function take(frame: Frame): void {
    const { type, id, head } = frame;
    if (type === 'ready') onReady();
    else if (type === 'reply') takeReply(frame);
    else if (type === 'data') takeData(frame);
    else if (type === 'broken') takeBroken(frame);
    else if (type === 'taken') running.get(id)?.request?.taken(Number(head));
    else if (type === 'message') takeMessage(frame);
    else if (type === 'call') takeCall(frame);
  }

  function takeReply({ id, head, bytes, last }: Frame): void {
    const it = running.get(id);
    if (it === undefined) return; // its caller went away meanwhile
    if (it.reply) fail('WORKER_FRAME_INVALID', { reason: 'a request was answered twice' });
    it.reply = receiveBody(
      (taken) => link.send('taken', id, { head: taken }),
      () => abort(id),
    );
    const reply = { ...readReply(head), body: it.reply.body };
    it.reply.push(bytes, last);
    it.onReply(reply);
    if (last) finish(id);
  }

  function takeData({ id, bytes, last }: Frame): void {
    const it = running.get(id);
    if (it && !it.reply) fail('WORKER_FRAME_INVALID', { reason: 'a body came before its head' });
    it?.reply?.push(bytes, last);
    if (last) finish(id);
  }

  function takeBroken({ id, head }: Frame): void {
    const it = running.get(id);
    finish(id);
    if (it?.reply) it.reply.breakOff(new Error('the webtask closed the connection'));
    else {
      const reason = readBroken(head);
      if (reason === undefined) it?.onReply(undefined);
      else it?.onError(reason);
    }
  }

  function takeMessage({ id, head, bytes }: Frame): void {
    const { of, level } = JSON.parse(head) as MessageHead; // each is looked up
    const onMessage = running.get(id)?.options.onMessage ?? runnables.get(of)?.onMessage;
    onMessage?.(bytes.toString('utf8'), LEVELS.has(level) ? level : 30);
  }

  function takeCall({ id, head }: Frame): void {
    const call = JSON.parse(head) as Call; // answerCall looks at each field
    const issue = call.what === 'issue' ? (running.get(call.run)?.options.issue ?? issuers.get(call.of)) : undefined;
    answerCall(call, runnables.get(call.of), issue).then((result) => link.send('result', id, { head: result }));
  }

  function finish(id: number): void {
    running.get(id)?.request?.stop();
    if (running.delete(id) && running.size === 0) onIdle();
  }

  function abort(id: number): void {
    if (!running.has(id)) return;
    finish(id);
    link.send('abort', id);
  }

  function define(runnable: Runnable, onDefine: (() => void) | undefined): number {
    const known = ids.get(runnable);
    if (known !== undefined) return known;
    onDefine?.();
    count += 1;
    ids.set(runnable, count);
    runnables.set(count, runnable);
    link.send('define', count, { head: runnable.definition, bytes: Buffer.from(runnable.code) });
    return count;
  }

  function start(
    runnable: Runnable,
    { method, url, rawHeaders, body, signal, address }: RunRequest,
    options: RunOptions,
  ): Promise<RunReply | undefined> {
    if (ended !== undefined) return Promise.reject(new WebtaskError('WORKER_ENDED', { reason: ended }));
    const of = define(runnable, options.onCompile);
    if (options.issue) issuers.set(of, options.issue);
    count += 1;
    const id = count;
    const { urlFormat, requestId, onlyIfItWritesHeaders = false } = options;
    const head = {
      of,
      method,
      url,
      rawHeaders,
      address,
      onlyIfItWritesHeaders,
      urlFormat,
      requestId,
    } satisfies RunHead;
    return new Promise((onReply, onError) => {
      let request: Sending | undefined;
      if (body instanceof Readable) {
        link.send('run', id, { head });
        request = sendBody(
          body,
          0,
          (bytes, last) => link.send('body', id, { bytes, last }),
          () => abort(id),
        );
      } else {
        link.send('run', id, { head, last: true, ...(body && { bytes: Buffer.from(body) }) });
      }
      running.set(id, { request, options, onReply, onError });
      const leave = (): void => {
        if (!running.has(id)) return;
        abort(id);
        onError(new WebtaskError('RUN_CONNECTION_CLOSED', { webtask: runnable.definition.name ?? 'webtask' }));
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
    end(reason) {
      if (ended !== undefined) return;
      ended = reason;
      for (const { request, reply, onError } of running.values()) {
        const error = new WebtaskError('WORKER_ENDED', { reason });
        request?.stop();
        if (reply) reply.breakOff(error);
        else onError(error);
      }
      running.clear();
    },
  };
}

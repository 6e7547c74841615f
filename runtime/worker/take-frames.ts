import type { IssueForRun } from '../context/index.ts';
import { fail, WebtaskError } from '../errors.ts';
import { type RunReply, WholeReply } from '../invoke/index.ts';
import { answerCall } from './answer-call.ts';
import type { ByNumber } from './by-number.ts';
import type { Frame, FrameType } from './frame.ts';
import { createReplyHeadReader } from './heads.ts';
import { createCallQueue, MAX_CALLS } from './limits/call-queue.ts';
import { createFrameGuard } from './limits/frame-guard.ts';
import { limitBody, limitHead } from './limits/limit-reply.ts';
import { LINE_BYTES, type Limits, OUTPUT_WINDOW_MS } from './limits/limits.ts';
import { createWindow } from './limits/window.ts';
import type { Call, MessageHead, ReplyHead, Result } from './messages.ts';
import { readBroken, readUsage } from './read-messages.ts';
import { type Receiving, receiveBody } from './receive-body.ts';
import type { Runnable, RunOptions } from './request-runs.ts';
import type { Sending } from './send-body.ts';

/** A request that a worker is answering. */
export interface Running {
  /** Of its webtask, for errors. */
  readonly name: string;
  readonly options: RunOptions;
  readonly request: Sending | undefined;
  readonly onReply: (reply: RunReply | undefined) => void;
  readonly onError: (error: Error) => void;
  reply?: Receiving;
  /** Bytes of its answer's body, until now. */
  bytes: number;
}

/** What a server knows of the runs of a worker. */
export interface RunsState {
  readonly running: ByNumber<Running>;
  readonly runnables: Map<number, Runnable>;
  /** Who issued for the last run of each: code may ask when its run is over. */
  readonly issuers: Map<number, IssueForRun>;
  /** Whose webtasks they are; none yet is empty. */
  container: string;
  /** The largest id that was given out. */
  count: number;
}

/** Takes what a worker sends and prints. */
export interface Taker {
  take(frame: Frame): void;
  print(text: string): boolean;
  /** Nobody waits for the answer to a request any more, of which some may be under way. */
  abort(): void;
}

/** What becomes of what a worker sends. */
export interface Outcomes {
  /** So many bytes of the body of its answer were taken. */
  sendTaken(id: number, bytes: number): void;
  sendResult(id: number, result: Result): void;
  /** Bytes that wait until the worker reads them. */
  unread(): number;
  /** That much was printed, which takes the server's time to show. */
  onPrinted(bytes: number): void;
  /** The worker went beyond a limit of all its webtasks; `blamed` is the request that did, where it is known. */
  onBreach(error: WebtaskError, blamed?: string): void;
  onReady(): void;
  onPong(): void;
  /** No request should come to it any more. */
  onUnfit(): void;
  /** The request was answered, or will not be. */
  finish(id: number): void;
  /** Nobody waits for the answer any more. */
  abort(id: number): void;
}

const LEVELS: ReadonlySet<number> = new Set([10, 20, 30, 40, 50]);
/** What belongs to a run, and to nothing when that is over. */
const OF_RUNS: ReadonlySet<string> = new Set<FrameType>(['reply', 'data', 'broken', 'taken']);
/** Bytes of calls within {@link OUTPUT_WINDOW_MS}: reading them takes time of the server. */
const MAX_CALL_BYTES = 64 << 20;
/** Bytes that a worker may leave unread. */
const MAX_UNREAD = 64 << 20;

/**
 * Takes what a worker sends. Nothing of it is believed.
 *
 * @returns `take` for the next frame, which throws WORKER_FRAME_INVALID for one that was not asked for; `print` for what
 * was printed past the webtasks' own streams, which says whether there is a webtask
 */
export function createTaker(state: RunsState, limits: Limits, outcomes: Outcomes): Taker {
  const { running, runnables, issuers } = state;
  const now = (): number => performance.now();
  const guard = createFrameGuard(now);
  const output = createWindow(OUTPUT_WINDOW_MS);
  const queue = createCallQueue();
  const called = createWindow(OUTPUT_WINDOW_MS);
  const readReplyHead = createReplyHeadReader();
  let isReady = false;

  function takeReply({ id, head, bytes, last }: Frame): void {
    const it = running.get(id);
    if (it === undefined) return; // its caller went away meanwhile
    if (it.reply) fail('WORKER_FRAME_INVALID', { reason: 'a request was answered twice' });
    const reply = readReplyHead(head);
    try {
      limitHead(it.name, reply.rawHeaders, limits);
      limitBody(it.name, bytes.length, limits);
    } catch (error) {
      outcomes.abort(id);
      it.onError(error as Error);
      return;
    }
    guard.expect();
    if (last) takeWhole(id, it, reply, bytes);
    else takeBegun(id, it, reply, bytes);
  }

  function takeBegun(id: number, it: Running, reply: ReplyHead, bytes: Buffer): void {
    it.reply = receiveBody(
      (taken) => outcomes.sendTaken(id, taken),
      () => outcomes.abort(id),
    );
    push(id, it, it.reply, bytes, false);
    it.onReply({ ...reply, body: it.reply.body });
  }

  function takeWhole(id: number, it: Running, reply: ReplyHead, bytes: Buffer): void {
    const { status, statusMessage, rawHeaders, source, failed } = reply;
    const whole = new WholeReply(status, statusMessage, rawHeaders, bytes);
    it.onReply(Object.assign(whole, { source, failed }));
    outcomes.finish(id);
  }

  function takeData({ id, bytes, last }: Frame): void {
    const it = running.get(id);
    if (it === undefined) return;
    const reply = it.reply ?? fail('WORKER_FRAME_INVALID', { reason: 'a body came before its head' });
    push(id, it, reply, bytes, last);
    if (last) outcomes.finish(id);
  }

  function push(id: number, it: Running, reply: Receiving, bytes: Buffer, last: boolean): void {
    it.bytes += bytes.length;
    try {
      limitBody(it.name, it.bytes, limits);
    } catch (error) {
      it.options.onMessage((error as Error).message, 50);
      outcomes.abort(id);
      reply.breakOff(error as Error);
      return;
    }
    reply.push(bytes, last);
  }

  function takeBroken({ id, head }: Frame): void {
    const it = running.get(id);
    const reason = readBroken(head); // who cannot be understood is ended, with what it still has to answer
    outcomes.finish(id);
    if (it?.reply) it.reply.breakOff(new Error('the webtask closed the connection'));
    else if (reason === undefined) it?.onReply(undefined);
    else it?.onError(reason);
  }

  function takeUsage({ id, head }: Frame): void {
    const it = running.get(id);
    if (it === undefined) return;
    const onUsage = it.options.onUsage ?? fail('WORKER_FRAME_INVALID', { reason: 'nobody asked what a run uses' });
    onUsage(readUsage(head));
  }

  function takeMessage({ id, head, bytes }: Frame): void {
    const { of, level, problem } = JSON.parse(head) as MessageHead; // each is looked up
    const it = running.get(id);
    const text = bytes.toString('utf8');
    if (!mayPrint(text, it?.options.requestId)) return;
    const { onProblem } = runnables.get(of) ?? {};
    if (onProblem && problem !== undefined) {
      onProblem({ kind: problem, message: text });
      return;
    }
    const onMessage = it?.options.onMessage ?? runnables.get(of)?.onMessage;
    onMessage?.(text, LEVELS.has(level) ? level : 30);
  }

  function mayPrint(text: string, requestId?: string): boolean {
    let lines = 1;
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines += 1;
    const bytes = text.length + lines * LINE_BYTES;
    outcomes.onPrinted(bytes);
    output.add(bytes, now());
    const { outputBytes: maxBytes } = limits;
    if (output.sum(now()) <= maxBytes) return true;
    const fields = { container: state.container, maxBytes, windowMs: OUTPUT_WINDOW_MS };
    outcomes.onBreach(new WebtaskError('RUN_OUTPUT_EXCEEDED', fields), requestId);
    return false;
  }

  /** Of one request it can be, of several nobody knows whose it is. */
  function print(text: string): boolean {
    const [first, second] = running.size === 0 ? [] : running.all();
    const receiver = first && !second ? first.options : runnables.values().next().value;
    const isTheirs = state.count > 0; // also where what it runs was forgotten: its secrets are not for the server's log
    if (isTheirs && mayPrint(text)) receiver?.onMessage(text.replace(/\r?\n$/, ''), 30);
    return isTheirs;
  }

  function takeCall({ id, head, bytes }: Frame): void {
    const size = head.length + bytes.length;
    called.add(size, now());
    if (called.sum(now()) > MAX_CALL_BYTES) fail('WORKER_FRAME_INVALID', { reason: 'it asks for too much' });
    const call = JSON.parse(head) as Call; // answerCall looks at each field
    if (outcomes.unread() > MAX_UNREAD) fail('WORKER_FRAME_INVALID', { reason: 'it reads no results' });
    const issue = call.what === 'issue' ? (running.get(call.run)?.options.issue ?? issuers.get(call.of)) : undefined;
    const isTaken = queue.take(size, async () => {
      outcomes.sendResult(id, await answerCall(call, runnables.get(call.of), issue, bytes));
    });
    if (!isTaken)
      outcomes.onBreach(new WebtaskError('RUN_CALLS_EXCEEDED', { container: state.container, max: MAX_CALLS }));
  }

  function take(frame: Frame): void {
    const { type, id, head } = frame;
    const isUnwanted = OF_RUNS.has(type) && running.get(id) === undefined;
    if (isUnwanted) guard.takeUnwanted(head.length + frame.bytes.length);
    else guard.take(frame.bytes.length);
    // One that belongs to nobody yet has nothing to say but that it is ready.
    const isExpected = state.count === 0 ? type === 'ready' && !isReady : type === 'call' || id <= state.count;
    if (!isExpected) fail('WORKER_FRAME_INVALID', { reason: `nobody asked for ${type} ${id}` });
    if (isUnwanted) return;
    if (type === 'ready') {
      isReady = true;
      outcomes.onReady();
    } else if (type === 'pong') outcomes.onPong();
    else if (type === 'unfit') outcomes.onUnfit();
    else if (type === 'reply') takeReply(frame);
    else if (type === 'data') takeData(frame);
    else if (type === 'broken') takeBroken(frame);
    else if (type === 'taken') running.get(id)?.request?.taken(Number(head));
    else if (type === 'usage') takeUsage(frame);
    else if (type === 'message') takeMessage(frame);
    else if (type === 'call') takeCall(frame);
  }

  return { take, print, abort: guard.abort };
}

import type { Duplex } from 'node:stream';
import { type CompiledWebtask, isCommonJS } from '../compile/index.ts';
import { createStorage, type WebtaskStorage } from '../context/index.ts';
import { fail, WebtaskError } from '../errors.ts';
import {
  Caller,
  loadWebtask,
  type RunReply,
  type RunSettings,
  type RunUsage,
  startRun,
  startUsage,
  writesHeaders,
} from '../invoke/index.ts';
import { keepByNumber } from './by-number.ts';
import { type Calls, createCalls } from './calls.worker.ts';
import { FRAMES, type Frame } from './frame.ts';
import { readRunHead, writeReplyHead } from './heads.ts';
import { watchFitness } from './limits/fitness.worker.ts';
import { openLink } from './link.ts';
import type { BrokenHead, Definition, MessageHead, RunHead } from './messages.ts';
import { type Receiving, receiveBody } from './receive-body.ts';
import { type Sending, sendBody } from './send-body.ts';
import type { SharedMemory } from './shared-memory.ts';

/** What is compiled once, and run many times. */
interface Defined {
  readonly definition: Definition;
  readonly code: string;
  compiling?: Promise<CompiledWebtask>;
  compiled?: CompiledWebtask;
}

/** A request that is being answered. */
interface Running {
  readonly request: Receiving | undefined;
  readonly caller: Caller;
  /** What it has used until now, where that is wanted. */
  readonly usage: (() => RunUsage) | undefined;
  reply?: Sending;
}

const NO_BYTES = Buffer.alloc(0);
/** Bytes of an answer that may go in one frame with its head. */
const FIRST_BYTES = 64 << 10;

/**
 * Runs webtasks for the server at the other end of a pipe, until it is closed.
 *
 * @param onEnd - is told when that is; `reason` is set where the server sent what is no frame
 */
export function serveRuns(pipe: Duplex, onEnd: (reason: Error | undefined) => void, memory?: SharedMemory): void {
  const definitions = new Map<number, Defined>();
  const running = keepByNumber<Running>();
  const link = openLink(pipe, 'server', take, onEnd, memory);
  const calls = createCalls(link);
  /** Called before an answer, so that no request comes after. */
  const tellIfUnfit = watchFitness(tellUnfit);
  link.send('ready', 0);

  /** The next request gets another worker. */
  function tellUnfit(): void {
    link.send('unfit', 0);
  }

  function take(frame: Frame): void {
    const { type, id } = frame;
    if (type === 'define') {
      definitions.set(id, { definition: JSON.parse(frame.head) as Definition, code: frame.bytes.toString('utf8') });
    } else if (type === 'forget') definitions.delete(id);
    else if (type === 'run') run(frame);
    else if (type === 'body') running.get(id)?.request?.push(frame.bytes, frame.last);
    else if (type === 'taken') running.get(id)?.reply?.taken(Number(frame.head));
    else if (type === 'ping') link.send('pong', 0);
    else if (type === 'abort') running.get(id)?.caller.leave();
    else if (type === 'result') calls.settle(frame);
  }

  function run({ id, head, bytes, last }: Frame): void {
    const request = readRunHead(head);
    const defined = definitions.get(request.of);
    if (defined === undefined) fail('WORKER_FRAME_INVALID', { reason: `there is no definition ${request.of}` });
    const receiving = last
      ? undefined
      : receiveBody(
          (taken) => link.send('taken', id, { head: taken }),
          () => undefined,
        );
    if (bytes.length > 0) receiving?.push(bytes, false);
    const it: Running = {
      request: receiving,
      caller: new Caller(),
      usage: request.tellsUsage ? startUsage() : undefined,
    };
    running.set(id, it);
    const body = receiving?.body ?? bytes;
    const { compiled } = defined;
    if (compiled) answer(id, it, compiled, defined, request, body);
    else {
      compile(defined, request.of).then(
        (webtask) => answer(id, it, webtask, defined, request, body),
        (error: unknown) => breakOff(id, it, error),
      );
    }
  }

  /** At once where the webtask does. */
  function answer(
    id: number,
    it: Running,
    webtask: CompiledWebtask,
    { definition }: Defined,
    { of, method, url, rawHeaders, address, onlyIfItWritesHeaders, urlFormat, requestId }: RunHead,
    body: Receiving['body'] | Buffer,
  ): void {
    if (onlyIfItWritesHeaders && !writesHeaders(webtask)) {
      end(id, it);
      link.send('broken', id, { head: { skipped: true } satisfies BrokenHead });
      return;
    }
    const { container, name, codeUrl, secrets, params, meta, parseBody, mergeBody } = definition;
    const { token, tokenId, issues, limitMs, maxBodyBytes, hints } = definition;
    // Named one by one, since this is made for each request, and a copy of whatever is there takes far longer.
    const settings: RunSettings = {
      container,
      name,
      codeUrl,
      secrets,
      params,
      meta,
      parseBody,
      mergeBody,
      token,
      tokenId,
      limitMs,
      maxBodyBytes,
      hints,
      id: requestId,
      urlFormat,
      storage: storageOf(definition, of, calls),
      issue: issues ? (requested) => calls.issue(of, id, requested) : undefined,
      onMessage: (text, level) => sendMessage(id, text, { of, level }),
      onProblem: ({ kind, message }) => sendMessage(id, message, { of, level: 50, problem: kind }),
      onThrown: tellUnfit,
    };
    try {
      const reply = startRun(webtask, { method, url, rawHeaders, address, body, signal: it.caller }, settings);
      if ('then' in reply)
        reply.then((later) => send(id, it, definition, later)).catch((error: unknown) => breakOff(id, it, error));
      else send(id, it, definition, reply);
    } catch (error) {
      breakOff(id, it, error);
    }
  }

  function breakOff(id: number, it: Running, error: unknown): void {
    end(id, it);
    link.send('broken', id, { head: describe(error) });
  }

  function send(id: number, it: Running, definition: Definition, reply: RunReply): void {
    const { status, statusMessage, rawHeaders, source, failed, whole } = reply;
    const head = writeReplyHead({ status, statusMessage, rawHeaders, source, failed });
    if (head.length > MAX_HEAD_CHARACTERS) {
      it.caller.leave();
      const { name: webtask = definition.container } = definition;
      const { length: bytes } = head;
      breakOff(id, it, new WebtaskError('RUN_HEADERS_TOO_LARGE', { webtask, bytes, maxBytes: MAX_HEAD_CHARACTERS }));
      return;
    }
    if (whole && whole.length <= FRAMES.reply.maxBytes) {
      end(id, it);
      link.send('reply', id, { head, bytes: whole, last: true });
      return;
    }
    tellIfUnfit();
    const { body } = reply;
    // What is more goes in pieces as they are, since one that is cut is not used again.
    const first: Buffer | null = body.readableLength <= FIRST_BYTES ? body.read() : null;
    link.send('reply', id, { head, bytes: first ?? NO_BYTES });
    it.reply = sendBody(
      body,
      first?.length ?? 0,
      (bytes, last) => {
        if (last) end(id, it);
        link.send('data', id, { bytes, last });
      },
      () => {
        end(id, it);
        link.send('broken', id, { head: {} });
      },
    );
  }

  /** Says what there is to say of a run before its last frame. */
  function end(id: number, { usage }: Running): void {
    running.delete(id);
    tellIfUnfit();
    if (usage) link.send('usage', id, { head: usage() });
  }

  function compile(defined: Defined, of: number): Promise<CompiledWebtask> {
    const { definition, code } = defined;
    defined.compiling ??= loadWebtask(
      {
        code,
        file: definition.file,
        modulePaths: definition.modulePaths,
        fetchText: (url) => calls.fetch(of, url),
        // There is no esbuild in a worker.
        translate: async (text, file, language) =>
          language === 'javascript' && isCommonJS(text)
            ? { code: text, rewritten: false }
            : calls.translate(of, text, file, language),
      },
      {
        secrets: definition.secrets,
        meta: definition.meta,
        params: definition.params,
        storage: storageOf(definition, of, calls),
      },
      {
        onMessage: (text, level) => sendMessage(0, text, { of, level }),
        onThrow: (sentence) => sendMessage(0, sentence, { of, level: 50 }),
      },
    );
    defined.compiling.then(
      (compiled) => {
        defined.compiled = compiled;
      },
      () => {
        delete defined.compiling; // what is missing may be there the next time
      },
    );
    return defined.compiling;
  }

  function sendMessage(run: number, text: string, head: MessageHead): void {
    link.send('message', run, { head, bytes: Buffer.from(text).subarray(0, MAX_MESSAGE_BYTES) });
  }
}

const MAX_MESSAGE_BYTES = 64 << 10;
/** Each may take two bytes. */
const MAX_HEAD_CHARACTERS = FRAMES.reply.maxHead / 2;
/** Characters of what an error says of itself: a webtask may have thrown a text without end. */
const MAX_FIELD_CHARACTERS = 8192;

function storageOf({ container, name }: Definition, of: number, calls: Calls): WebtaskStorage {
  return createStorage(async () => calls.documents(of), container, name);
}

/** What the server can make the same error of. */
function describe(error: unknown): BrokenHead {
  if (!(error instanceof WebtaskError)) return { code: 'INTERNAL', fields: { reason: String(error) } };
  const fields: Record<string, unknown> = {};
  for (const name in error.fields) {
    const field = error.fields[name];
    const isLong = typeof field === 'string' && field.length > MAX_FIELD_CHARACTERS;
    fields[name] = isLong ? `${field.slice(0, MAX_FIELD_CHARACTERS)} ...` : field;
  }
  return { code: error.code, fields };
}

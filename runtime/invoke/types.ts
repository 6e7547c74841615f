import type { Readable } from 'node:stream';
import type { IssueForRun, WebtaskStorage } from '../context/index.ts';
import type { FailureReply } from './failure.ts';
import type { ExchangeReply } from './http/index.ts';
import type { OutputReceivers } from './output.ts';

/** An HTTP request for a webtask, as harness, dev server, server and workers hand it over. */
export interface RunRequest {
  /** Upper case. */
  readonly method: string;
  /** Path and query as the caller sent them, beginning with `/`. */
  readonly url: string;
  /** Names and values in turn, as `http.IncomingMessage#rawHeaders`. */
  readonly rawHeaders: readonly string[];
  /** A stream is read with back-pressure. */
  readonly body?: Readable | Buffer | string | undefined;
  /** IP address of the caller; this machine's where nothing is said. */
  readonly address?: string | undefined;
  /** Aborts the run when the caller goes away. */
  readonly signal?: CallerSignal | undefined;
}

/** What of an `AbortSignal` is needed: a whole one costs each request more than all else that is made for it. */
export interface CallerSignal {
  readonly aborted: boolean;
  addEventListener(type: 'abort', leave: () => void, options?: { once: true }): void;
  removeEventListener(type: 'abort', leave: () => void): void;
}

/** What a webtask is run with: fixed by its token on a server, by the project in development. */
export interface RunSettings extends OutputReceivers {
  /** The id of the request, as {@link requestId} makes it; a new one by default. */
  readonly id?: string | undefined;
  readonly secrets: Readonly<Record<string, string>>;
  readonly params: Readonly<Record<string, unknown>>;
  readonly meta: Readonly<Record<string, string>>;
  /** `pb`: 0 never, 1 always, 2 only for webtasks of one or two parameters. */
  readonly parseBody: 0 | 1 | 2;
  /** `mb`: body keys are added to `context.data` where nothing else has that name. */
  readonly mergeBody: boolean;
  readonly storage: WebtaskStorage;
  readonly container: string;
  /** The name (`jtn`), none for an anonymous run. */
  readonly name?: string | undefined;
  /** 1 shared domain, 2 custom domain, 3 wildcard domain. */
  readonly urlFormat: 1 | 2 | 3;
  /** URL of the code, where it has one. */
  readonly codeUrl?: string | undefined;
  /** The token that authorised the run, where the webtask may see it, and its id. */
  readonly token?: string | undefined;
  readonly tokenId?: string | undefined;
  /** Issues tokens for the webtask, as children of the one that authorised the run. */
  readonly issue?: IssueForRun | undefined;
  /** Milliseconds until a run without an answer is cut off; 0 for never (a debugger is attached). */
  readonly limitMs: number;
  /** Largest body that is read for parsing. */
  readonly maxBodyBytes: number;
  /** Is told of an exception that no code caught: what it left half done is done by nobody. */
  readonly onThrown?: (() => void) | undefined;
  /** Is told of what is probably a mistake and has no place in the answer. */
  readonly onProblem?: ((problem: RunProblem) => void) | undefined;
  /** Development only: `onProblem` is also told of reads of what is not there, for which every read is watched. */
  readonly hints?: boolean | undefined;
}

/** Something that a webtask did and that its caller does not see. */
export interface RunProblem {
  readonly kind: 'read-missing' | 'called-back-twice' | 'timed-out' | 'threw-after-answer' | 'body-too-large' | 'ended';
  /** A sentence that names the webtask's file, and the line where it is known. */
  readonly message: string;
}

/** The answer to a request, as soon as its head is known; the body may still be coming. */
export interface RunReply extends ExchangeReply {
  /** Who made the answer: the value of `x-wt-response-source`. */
  readonly source: FailureReply['source'];
  /** Whether the answer is the platform's description of an error, in JSON. */
  readonly failed: boolean;
}

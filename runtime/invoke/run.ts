import type { Readable } from 'node:stream';
import type { CompiledWebtask } from '../compile/index.ts';
import type { WebtaskStorage } from '../context/index.ts';

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
  /** Aborts the run when the caller goes away. */
  readonly signal?: AbortSignal;
}

/** What a webtask is run with: fixed by its token on a server, by the project in development. */
export interface RunSettings {
  readonly secrets: Readonly<Record<string, string>>;
  readonly params: Readonly<Record<string, unknown>>;
  readonly meta: Readonly<Record<string, string>>;
  /** `pb`: 0 never, 1 always, 2 only for webtasks of one or two parameters. */
  readonly parseBody: 0 | 1 | 2;
  /** `mb`: body keys are added to `context.data` where nothing else has that name. */
  readonly mergeBody: boolean;
  readonly storage?: WebtaskStorage | undefined;
  /** The token that authorised the run, where the webtask may see it. */
  readonly token?: string | undefined;
  readonly container: string;
  /** The name (`jtn`), none for an anonymous run. */
  readonly name?: string | undefined;
  /** 1 shared domain, 2 custom domain, 3 wildcard domain. */
  readonly urlFormat: 1 | 2 | 3;
  /** Milliseconds until a run without an answer is cut off. */
  readonly limitMs: number;
  /** Largest body that is read for parsing. */
  readonly maxBodyBytes: number;
  /** Receives each complete line that the webtask printed. Without it, lines go where they would have gone. */
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
  /** Development only: receives a sentence about something that is probably a mistake. */
  readonly onProblem?: (problem: WebtaskProblem) => void;
}

/** Something that a run did which the original platform passed over in silence. */
export interface WebtaskProblem {
  readonly code: 'SECRET_NOT_GIVEN' | 'CALLED_BACK_TWICE' | 'RUN_TIMED_OUT';
  readonly message: string;
}

/** The answer to a request, as soon as its head is known; the body may still be coming. */
export interface RunReply {
  readonly status: number;
  readonly statusMessage: string;
  /** Names (as written) and values in turn. */
  readonly rawHeaders: readonly string[];
  readonly body: Readable;
  /** Who made the answer: the value of `x-wt-response-source`. */
  readonly source: 'webtask' | 'compiler' | 'proxy';
}

/**
 * Runs a compiled webtask once.
 *
 * @see protocol reference sections 3 and 4
 */
export type RunWebtask = (webtask: CompiledWebtask, request: RunRequest, settings: RunSettings) => Promise<RunReply>;

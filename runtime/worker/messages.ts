import type { Language } from '../compile/index.ts';
import type { OutputLevel, RunProblem, RunReply } from '../invoke/index.ts';

/** What a token fixes of a run, as the head of `define`; the code is in its bytes. */
export interface Definition {
  readonly container: string;
  readonly name?: string | undefined;
  /** Absolute path under which the code runs. */
  readonly file: string;
  readonly codeUrl?: string | undefined;
  readonly modulePaths: readonly string[];
  readonly secrets: Readonly<Record<string, string>>;
  readonly params: Readonly<Record<string, unknown>>;
  readonly meta: Readonly<Record<string, string>>;
  readonly parseBody: 0 | 1 | 2;
  readonly mergeBody: boolean;
  readonly token?: string | undefined;
  readonly tokenId?: string | undefined;
  /** Whether the code may issue tokens. */
  readonly issues: boolean;
  readonly limitMs: number;
  readonly maxBodyBytes: number;
  /** Whether reads of what is not there are told. */
  readonly hints?: boolean | undefined;
}

/** The head of `run`, as lines. */
export interface RunHead {
  /** The id of its definition. */
  readonly of: number;
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: readonly string[];
  readonly address?: string | undefined;
  readonly onlyIfItWritesHeaders: boolean;
  readonly urlFormat: 1 | 2 | 3;
  /** The id of the request, as `context.id` is. */
  readonly requestId: string;
  /** Whether somebody wants to know what it uses. */
  readonly tellsUsage?: boolean;
}

/** The head of `reply`, as lines. */
export type ReplyHead = Omit<RunReply, 'body' | 'whole'>;

/** The head of `broken`: an error of the kit by its code, a run that was not wanted, or a connection that was closed. */
export interface BrokenHead {
  readonly skipped?: boolean;
  readonly code?: string;
  readonly fields?: Record<string, unknown>;
}

/** The head of `message`; the text is in its bytes. */
export interface MessageHead {
  /** The id of the definition; that of the run is the frame's, 0 while code loads. */
  readonly of: number;
  readonly level: OutputLevel;
  /** What the webtask did wrong, where it printed nothing. */
  readonly problem?: RunProblem['kind'];
}

/** The head of `call`: what a worker has its server do for a definition. Code is in its bytes. */
export type Call = { readonly of: number } & (
  | {
      readonly what: 'document';
      readonly expected?: string | null;
      readonly write?: 'put' | 'remove';
      readonly value?: unknown;
    }
  | { readonly what: 'issue'; readonly run: number; readonly requested: Readonly<Record<string, unknown>> }
  | { readonly what: 'fetch'; readonly url: string }
  | { readonly what: 'translate'; readonly file: string; readonly language: Language }
);

/** What is in the bytes of `result`. */
export type Result =
  | { readonly value: unknown }
  | { readonly error: { readonly message: string; readonly code?: string; readonly fields?: Record<string, unknown> } };

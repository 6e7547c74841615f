import type { ServerResponse } from 'node:http';
import type { WebtaskContext, WebtaskStorage } from '../../context/index.ts';

/** A webtask function. The original had no types, and what was written for it has none to give. */
// biome-ignore lint/suspicious/noExplicitAny: see above
export type AnyWebtask = (...args: any[]) => unknown;

/** Where the runtime writes to; `console` by default. */
export interface Logger {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** How code becomes a webtask function. */
export interface CompileOptions {
  /** The folder that the code is compiled in; the working directory by default. `require` resolves from it. */
  readonly dirname?: string | undefined;
  /** Default `webtask.js`. */
  readonly filename?: string | undefined;
  readonly logger?: Logger | undefined;
  /** Called with the modules that code with the directive `"use npm"` requires and that are not installed. */
  readonly installModules?: ((specs: string[], callback: (error?: Error | null) => void) => void) | undefined;
  /** Folders of modules that are searched after those of `dirname`. */
  readonly extraModulePaths?: readonly string[] | undefined;
  /** What the code finds in `module.webtask`. */
  readonly webtaskApi?: Readonly<Record<string, unknown>> | undefined;
}

/** What a webtask is run with. */
export interface RunOptions extends Omit<CompileOptions, 'webtaskApi'> {
  readonly container?: string | undefined;
  /** Given to the webtask in place of the context of its request. */
  readonly context?: object | undefined;
  /** The document that the storage begins with. */
  readonly initialStorageData?: unknown;
  /** Largest body that is parsed, in bytes; without it there is no limit. */
  readonly maxBodySize?: number | undefined;
  /** Whether a parsed body's keys are added to `context.data`. */
  readonly mergeBody?: boolean | undefined;
  readonly meta?: Readonly<Record<string, unknown>> | undefined;
  readonly params?: Readonly<Record<string, unknown>> | undefined;
  /**
   * Whether the body is read and parsed before the webtask is called.
   *
   * As in the original it is not by default, and `PARSE_ON_ARITY` reads it also for `(context, req, res)`.
   */
  readonly parseBody?: boolean | 0 | 1 | 2 | undefined;
  readonly reqId?: string | undefined;
  readonly secrets?: Readonly<Record<string, unknown>> | undefined;
  /** Answers `/favicon.ico` with 404 in place of the webtask. */
  readonly shortcutFavicon?: boolean | undefined;
  /** What the token in `req.x_wt` is signed with. */
  readonly signature?: string | undefined;
  readonly storage?: WebtaskStorage | undefined;
  /** A JSON file that keeps the storage's document, unless there is `initialStorageData`. */
  readonly storageFile?: string | undefined;
  readonly token?: string | undefined;
  /** 1 shared domain, 2 custom domain, 3 wildcard domain (default). */
  readonly url_format?: 1 | 2 | 3 | undefined;
  /** Writes the head of the answers that the webtask does not write itself. */
  readonly writeHead?: ((res: ServerResponse, status: number, headers: Record<string, string>) => unknown) | undefined;
}

/** What a context is made of. */
export interface ContextOptions
  extends Pick<
    RunOptions,
    'initialStorageData' | 'mergeBody' | 'meta' | 'params' | 'reqId' | 'secrets' | 'storage' | 'storageFile' | 'token'
  > {
  /** The body's text. Without a type among `headers` it is read as JSON. */
  readonly body?: string | undefined;
  readonly createToken?: WebtaskContext['create_token'] | undefined;
  readonly createTokenUrl?: WebtaskContext['create_token_url'] | undefined;
  readonly headers?: Readonly<Record<string, string | string[] | undefined>> | undefined;
  readonly query?: Readonly<Record<string, string | string[] | undefined>> | undefined;
}

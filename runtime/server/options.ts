import type { WebtaskError } from '../errors.ts';
import type { Isolation, NetworkPolicy, UserRange } from '../worker/index.ts';
import type { TimeLimits } from './edge/time-limits.ts';
import type { TlsFiles } from './edge/tls.ts';

/** How a server is started. */
export interface ServerOptions {
  /** 0 for any free one. */
  readonly port: number;
  readonly host: string;
  /** Keys and the embedded store. */
  readonly dataFolder: string;
  readonly env: NodeJS.ProcessEnv;
  /** The public base of every URL that is printed, without a slash at the end; by default where it listens. */
  readonly publicUrl?: string | undefined;
  /** Every container's webtasks are also at `http://{container}.{runDomain}/{name}`. */
  readonly runDomain?: string | undefined;
  /** Has a container show by a TXT record that a custom domain which it claims is its own. */
  readonly proveHosts?: boolean | undefined;
  /** Largest code of a webtask, 5 MB by default. */
  readonly maxCodeBytes?: number | undefined;
  /** Origins that code may be fetched from although they are not public. */
  readonly allowedOrigins: readonly string[];
  /** What webtasks run in; the safest that can be had by default. */
  readonly isolation?: Isolation | undefined;
  /**
   * Absolute path of a folder whose files and packages webtasks can require too. Where they are shut in there is none by
   * default; otherwise it is that of this process.
   */
  readonly folder?: string | undefined;
  /** Where webtasks may connect to that do not run in this process; `public` by default. */
  readonly network?: NetworkPolicy | undefined;
  /** Users that workers become where this process may choose; 200000 to 265535 by default. */
  readonly workerUsers?: UserRange | undefined;
  /** Milliseconds until a webtask without an answer is cut off. */
  readonly limitMs: number;
  /** Addresses and networks of proxies that say who the caller is. */
  readonly trustedProxies?: readonly string[] | undefined;
  /** File of the tenants whose access tokens are revoked here. */
  readonly identityFile?: string | undefined;
  /** Certificate and key, by their paths; without them it speaks plain HTTP. */
  readonly tls?: TlsFiles | undefined;
  /** How slow callers may be, where it is not as by default. */
  readonly timeLimits?: Partial<TimeLimits> | undefined;
  readonly onLine: (line: string) => void;
  /** Is told of errors that are the platform's, with the id of the request in which they came up. */
  readonly onError: (error: WebtaskError, requestId?: string) => void;
  /** Is told of what else requests are refused with. */
  readonly onRefusal?: ((error: WebtaskError, requestId?: string) => void) | undefined;
}

/** The users that workers become where this process may choose. */
export function workerUsers({ workerUsers: given }: ServerOptions): UserRange {
  return given ?? { first: 200_000, last: 265_535 };
}

/** Where webtasks may connect to. */
export function networkPolicy({ network }: ServerOptions): NetworkPolicy {
  return network ?? 'public';
}

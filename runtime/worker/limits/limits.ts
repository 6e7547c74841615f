import { type ErrorCode, fail } from '../../errors.ts';

/** What the webtasks of a container may use, all of them together or each of its requests. */
export interface Limits {
  /** Milliseconds that the event loop may stand still. */
  readonly blockedMs: number;
  /** Milliseconds of CPU time within {@link CPU_WINDOW_MS}, of all processes of the container. */
  readonly cpuMs: number;
  /** Bytes, buffers included. */
  readonly memoryBytes: number;
  /** Processes and threads. */
  readonly processes: number;
  /** Open files and sockets of a process. */
  readonly files: number;
  /** Bytes of the temporary folder. */
  readonly temporaryBytes: number;
  /** Bytes that are printed within {@link OUTPUT_WINDOW_MS}. */
  readonly outputBytes: number;
  /** Bytes of a request's body that is parsed. */
  readonly bodyBytes: number;
  /** Bytes of an answer's body. */
  readonly replyBytes: number;
  /** Bytes of an answer's headers. */
  readonly replyHeaderBytes: number;
}

/** Milliseconds that the budget of CPU time is for. */
export const CPU_WINDOW_MS = 60_000;
/** Milliseconds that the limit of output is for. */
export const OUTPUT_WINDOW_MS = 10_000;
/** What each line that is printed costs beside its text. */
export const LINE_BYTES = 256;

/** One limit: what it is for a reader, where it is set, and what comes of going beyond it. */
export interface LimitEntry {
  readonly what: string;
  readonly default: number;
  readonly unit: 'ms' | 'bytes' | 'count';
  readonly setting: string;
  /** What a request is answered with; what the system says to the code where it only refuses to give more. */
  readonly error: ErrorCode | 'ENOSPC' | 'EMFILE';
}

const MEGABYTE = 1024 * 1024;

/** Every limit that {@link Limits} names, the same in development and in production. */
export const LIMITS = {
  blockedMs: {
    what: 'time without a turn of the event loop',
    default: 5_000,
    unit: 'ms',
    setting: 'WEBTASK_LIMIT_BLOCKED_MS',
    error: 'RUN_BLOCKED',
  },
  cpuMs: {
    what: 'CPU time of a container, in any 60 s',
    default: 10_000,
    unit: 'ms',
    setting: 'WEBTASK_LIMIT_CPU_MS',
    error: 'RUN_CPU_EXCEEDED',
  },
  memoryBytes: {
    what: 'memory of a process, buffers included',
    default: 256 * MEGABYTE,
    unit: 'bytes',
    setting: 'WEBTASK_LIMIT_MEMORY_BYTES',
    error: 'RUN_MEMORY_EXCEEDED',
  },
  processes: {
    what: 'processes and threads of a container',
    default: 64,
    unit: 'count',
    setting: 'WEBTASK_LIMIT_PROCESSES',
    error: 'RUN_PROCESSES_EXCEEDED',
  },
  files: {
    what: 'open files and sockets of a process',
    default: 1024,
    unit: 'count',
    setting: 'WEBTASK_LIMIT_FILES',
    error: 'EMFILE',
  },
  temporaryBytes: {
    what: 'temporary folder of a container',
    default: 64 * MEGABYTE,
    unit: 'bytes',
    setting: 'WEBTASK_LIMIT_TEMPORARY_BYTES',
    error: 'ENOSPC',
  },
  outputBytes: {
    what: 'output of a container, in any 10 s',
    default: 10 * MEGABYTE,
    unit: 'bytes',
    setting: 'WEBTASK_LIMIT_OUTPUT_BYTES',
    error: 'RUN_OUTPUT_EXCEEDED',
  },
  bodyBytes: {
    what: 'body of a request that is parsed',
    default: MEGABYTE,
    unit: 'bytes',
    setting: 'WEBTASK_LIMIT_BODY_BYTES',
    error: 'BODY_TOO_LARGE',
  },
  replyBytes: {
    what: 'body of an answer',
    default: 1024 * MEGABYTE,
    unit: 'bytes',
    setting: 'WEBTASK_LIMIT_REPLY_BYTES',
    error: 'RUN_REPLY_TOO_LARGE',
  },
  replyHeaderBytes: {
    what: 'headers of an answer',
    default: 64 * 1024,
    unit: 'bytes',
    setting: 'WEBTASK_LIMIT_REPLY_HEADER_BYTES',
    error: 'RUN_HEADERS_TOO_LARGE',
  },
} as const satisfies Record<keyof Limits, LimitEntry>;

/**
 * Reads the limits of a server.
 *
 * @throws SETTING_INVALID where one is no whole number above 0
 *
 * @example
 * readLimits({ WEBTASK_LIMIT_CPU_MS: '20000' }).cpuMs; // 20000
 */
export function readLimits(env: NodeJS.ProcessEnv): Limits {
  const read = (name: keyof Limits): number => {
    const { setting, default: value } = LIMITS[name];
    const text = env[setting];
    if (!text) return value;
    if (!/^[1-9]\d{0,14}$/.test(text)) fail('SETTING_INVALID', { setting, reason: 'it is no whole number above 0' });
    return Number(text);
  };
  return {
    blockedMs: read('blockedMs'),
    cpuMs: read('cpuMs'),
    memoryBytes: read('memoryBytes'),
    processes: read('processes'),
    files: read('files'),
    temporaryBytes: read('temporaryBytes'),
    outputBytes: read('outputBytes'),
    bodyBytes: read('bodyBytes'),
    replyBytes: read('replyBytes'),
    replyHeaderBytes: read('replyHeaderBytes'),
  };
}

import type { DestinationStream } from 'pino';
import { maskCredentials } from '../context/index.ts';
import { type Fault, WebtaskError } from '../errors.ts';

/** How much is logged: errors of the platform, also those of webtasks, also those of callers. */
export type LogLevel = 'error' | 'info' | 'debug';

/** The log of what happens to a server, as JSON lines. What webtasks print is not in it. */
export interface OperationLog {
  /** Says what the server does: it starts, it stops. */
  info(what: string, fields?: object): void;
  /** Says what went wrong, with the id of the request in which it did. */
  error(error: unknown, requestId?: string): void;
}

const LEVELS = { platform: 'error', webtask: 'info', caller: 'debug' } as const satisfies Record<Fault, LogLevel>;

/**
 * Opens the log of a server's operation. Each line is written before the call returns, so that the last one before an
 * end is not lost.
 *
 * Of errors that are a caller's or a webtask's only the code is told: their words may be from a request or from code.
 *
 * @param to - standard error by default
 */
export async function openOperationLog(level: LogLevel, to?: DestinationStream): Promise<OperationLog> {
  const { pino } = await import('pino');
  const paths = ['authorization', 'key', 'token', 'secrets'];
  const log = pino(
    {
      name: 'webtask',
      level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: [...paths, ...paths.map((path) => `*.${path}`)], censor: '***' },
    },
    to ?? pino.destination({ fd: 2, sync: true }),
  );
  return {
    info: (what, fields = {}) => log.info(fields, what),
    error(error, requestId) {
      const known = error instanceof WebtaskError ? error : new WebtaskError('INTERNAL', {}, { cause: error });
      const { code, status, fault, message, cause } = known;
      const isPlatforms = fault === 'platform';
      const why = isPlatforms && cause !== undefined && { cause: describeCause(cause, code === 'INTERNAL') };
      log[LEVELS[fault]]({ code, status, req_id: requestId, ...why }, isPlatforms ? maskCredentials(message) : code);
    },
  };
}

/** What an error was caused by, and that in turn; of what nobody foresaw also where. */
function describeCause(cause: unknown, withStack: boolean): string {
  const texts: string[] = [];
  for (let it = cause; it !== undefined && texts.length < 5; it = it instanceof Error ? it.cause : undefined) {
    texts.push(it instanceof Error ? (withStack && it.stack) || `${it.name}: ${it.message}` : String(it));
  }
  return maskCredentials(texts.join(' <- '));
}

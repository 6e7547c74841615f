import type { IncomingMessage } from 'node:http';
import type { RunRequest } from '../invoke/index.ts';

/** What the run path takes from a request. Its body stays a stream. */
export interface RunTarget {
  readonly container: string;
  /** Absent for a run by token. */
  readonly name: string | undefined;
}

const RUN_PATH = /^\/api\/run\/([^/?]+)(?:\/([^/?]+))?(?:[/?]|$)/;

/**
 * Reads container and name from a path.
 *
 * @param url - path and query
 * @returns `undefined` where it is not a path of the run API
 * @see protocol reference 6.1
 */
export function readTarget(url: string): RunTarget | undefined {
  const [, first = '', second] = RUN_PATH.exec(url) ?? [];
  const container = decodeSegment(first);
  const name = second && decodeSegment(second);
  const isMalformed = second !== undefined && name === undefined;
  return container && !isMalformed ? { container, name } : undefined;
}

/** Decodes a part of a path; malformed percent-encoding names nothing. */
export function decodeSegment(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

/** Hands a request over to a webtask, body unread. */
export function toRunRequest(req: IncomingMessage, signal: AbortSignal): RunRequest {
  return { method: req.method ?? 'GET', url: req.url ?? '/', rawHeaders: req.rawHeaders, body: req, signal };
}

/** Takes the body out of a request, and what its headers say of it. */
export function withoutBody({ body: _, rawHeaders, ...rest }: RunRequest): RunRequest {
  const kept = rawHeaders.filter(
    (_, i) => !/^(content-length|transfer-encoding)$/i.test(rawHeaders[i - (i % 2)] ?? ''),
  );
  return { ...rest, rawHeaders: kept };
}

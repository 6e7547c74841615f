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
  const match = RUN_PATH.exec(url);
  const container = match?.[1] && decode(match[1]);
  return container ? { container, name: match[2] && decode(match[2]) } : undefined;
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined; // malformed percent-encoding names nothing
  }
}

/** Hands a request over to a webtask, body unread. */
export function toRunRequest(req: IncomingMessage, signal: AbortSignal): RunRequest {
  return { method: req.method ?? 'GET', url: req.url ?? '/', rawHeaders: req.rawHeaders, body: req, signal };
}

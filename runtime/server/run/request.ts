import type { IncomingMessage } from 'node:http';
import type { CallerSignal, RunRequest } from '../../invoke/index.ts';
import { hasBody } from '../edge/time-limits.ts';
import { hostName } from '../registry/hosts.ts';

/** What the run path takes from a request. Its body stays a stream. */
export interface RunTarget {
  readonly container: string;
  /** Absent for a run by token. */
  readonly name: string | undefined;
  /** 1 shared domain, 2 custom domain, 3 wildcard domain. */
  readonly urlFormat: 1 | 2 | 3;
}

/** Where requests go. */
export interface Hosts {
  /** Whether a host is one of the cluster's own. */
  readonly isOwnHost: (host: string) => boolean;
  /** The container that a custom domain belongs to. */
  readonly containerOfHost: (host: string) => Promise<string | undefined>;
  readonly runDomain: string | undefined;
}

const RUN_PATH = /^\/api\/run\/([^/?]+)(?:\/([^/?]+))?(?:[/?]|$)/;

/**
 * Says which webtask a request is for, by its path and its Host.
 *
 * On the wildcard domain every path is a webtask's. On a custom domain `/api/` stays the cluster's, and runs there
 * are those of its own container. A host that is nobody's is taken for the shared domain: an address, or a name of this
 * machine that only its network knows.
 *
 * @returns `undefined` where it is for no webtask; at once, unless somebody has to be asked whose the host is
 * @see protocol reference 3.3, 6.1
 */
export function readTarget(req: IncomingMessage, hosts: Hosts): Maybe<RunTarget> | Promise<Maybe<RunTarget>> {
  const url = req.url ?? '/';
  const host = hostName(req.headers.host ?? '');
  const { runDomain } = hosts;
  if (runDomain !== undefined && host.endsWith(`.${runDomain}`)) {
    const [, name] = segments(url);
    return { container: host.slice(0, -runDomain.length - 1), name, urlFormat: 3 };
  }
  const match = RUN_PATH.exec(url);
  if (match) {
    const container = decodeSegment(match[1] ?? '');
    const name = match[2] && decodeSegment(match[2]);
    const isMalformed = match[2] !== undefined && name === undefined;
    if (!container || isMalformed) return undefined;
    // On a domain that a container claims, no other container's webtask gets its origin.
    const target: RunTarget = { container, name, urlFormat: 1 };
    if (host === '' || hosts.isOwnHost(host)) return target;
    return hosts
      .containerOfHost(host)
      .then((owner) => (owner === undefined || owner === container ? target : undefined));
  }
  if (url.startsWith('/api/') || host === '' || hosts.isOwnHost(host)) return undefined;
  const [, container, name] = segments(url);
  // The name of another container under this host would give its webtasks an origin that is not theirs.
  if (container === undefined || name === undefined) return undefined;
  return hosts
    .containerOfHost(host)
    .then((owner) => (owner === container ? { container, name, urlFormat: 2 } : undefined));
}

type Maybe<T> = T | undefined;

/** The parts of a path, after its first slash; an empty one is absent. */
function segments(url: string): (string | undefined)[] {
  const path = url.replace(/[?#].*/s, '');
  return path.split('/').map((segment) => (segment === '' ? undefined : decode(segment)));
}

/** Malformed percent-encoding is left as it is, and so names what nothing is called. */
function decode(segment: string): string {
  return decodeSegment(segment) ?? segment;
}

/** Decodes a part of a path; malformed percent-encoding names nothing. */
export function decodeSegment(segment: string): string | undefined {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

/** Hands a request over to a webtask, body unread. */
export function toRunRequest(req: IncomingMessage, signal: CallerSignal, address?: string): RunRequest {
  const { method = 'GET', url = '/', rawHeaders } = req;
  return { method, url, rawHeaders, body: hasBody(req) ? req : undefined, address, signal };
}

/** Takes the body out of a request, and what its headers say of it. */
export function withoutBody(request: RunRequest): RunRequest {
  if (request.body === undefined) return request;
  const { body: _, rawHeaders, ...rest } = request;
  const kept = rawHeaders.filter(
    (_, i) => !/^(content-length|transfer-encoding)$/i.test(rawHeaders[i - (i % 2)] ?? ''),
  );
  return { ...rest, rawHeaders: kept };
}

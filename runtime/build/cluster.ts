import { BlockList, isIP } from 'node:net';
import { shown } from '../code/fetch.ts';
import { ERRORS, fail, WebtaskError } from '../errors.ts';
import { parseToken, type TokenClaims } from '../token/index.ts';

/** A cluster that issues tokens, and the token that asks it to. */
export interface Cluster {
  /** Its base, such as `https://wt.example.com`. */
  readonly url: string;
  /** A webtask token that may issue, or the cluster's master key. */
  readonly token: string;
}

/** A token that a cluster issued. */
export interface IssuedByCluster {
  readonly token: string;
  readonly claims: TokenClaims;
  /** Where the webtask runs, as the cluster says. */
  readonly webtaskUrl: string | undefined;
}

const TIMEOUT_MS = 30_000;
const MAX_MESSAGE = 500;
/** What a server says of code that is larger than it takes. */
const TOO_LARGE = ERRORS.BODY_TOO_LARGE.text;

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/**
 * Checks that secrets may be sent to a cluster: over https, or to this machine itself.
 *
 * @throws BUILD_CLUSTER_URL, BUILD_CLUSTER_PLAIN
 */
export function checkCluster({ url }: Cluster): void {
  const { protocol, hostname } = parseBase(url) ?? fail('BUILD_CLUSTER_URL', { cluster: shown(url) });
  if (protocol === 'http:' && !isLoopback(hostname)) fail('BUILD_CLUSTER_PLAIN', { cluster: url });
}

function parseBase(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isBase = url && /^https?:$/.test(url.protocol) && !url.search && !url.hash && !url.username && !url.password;
  return isBase ? url : undefined;
}

/**
 * What a cluster's token says of itself, as far as it can be read here: nothing of a master key.
 */
export function claimsOfToken(token: string): TokenClaims {
  try {
    return parseToken(token).claims;
  } catch (error) {
    if (error instanceof WebtaskError) return {};
    throw error;
  }
}

/**
 * Asks a cluster to issue a token.
 *
 * @param label - the webtask as messages name it
 * @throws BUILD_BUNDLE_TOO_LARGE, BUILD_CLUSTER_REFUSED, BUILD_CLUSTER_FAILED, BUILD_CLUSTER_ANSWER
 * @see protocol reference 5.4
 */
export async function issueOnCluster(
  { url, token }: Cluster,
  claims: Readonly<Record<string, unknown>>,
  label: string,
): Promise<IssuedByCluster> {
  const about = { cluster: url, file: label };
  const failed = (reason: string, cause?: unknown): never =>
    fail('BUILD_CLUSTER_FAILED', { ...about, reason }, { cause });
  let answer: Response;
  let text: string;
  try {
    answer = await fetch(`${url.replace(/\/+$/, '')}/api/tokens/issue`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(claims),
      redirect: 'manual', // token and secrets are for this cluster only
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    text = await answer.text();
  } catch (cause) {
    return failed(reasonOf(cause), cause);
  }
  if (answer.status >= 400 && answer.status < 500) {
    const { code } = claims;
    if (typeof code === 'string' && (answer.status === 413 || messageOf(text).startsWith(TOO_LARGE))) {
      fail('BUILD_BUNDLE_TOO_LARGE', { ...about, bytes: Buffer.byteLength(code) });
    }
    fail('BUILD_CLUSTER_REFUSED', { ...about, status: answer.status, message: messageOf(text) });
  }
  if (answer.status >= 500) failed(`it answered ${answer.status}: ${messageOf(text)}`);
  if (answer.status !== 200) failed(`it answered ${answer.status}`);
  const issued = claimsOfToken(text);
  for (const claim of ['ten', 'url', 'url_sha256', 'jtn'] as const) {
    // Another token than the one that was asked for is none to hand out.
    if (claims[claim] !== undefined && issued[claim] !== claims[claim])
      fail('BUILD_CLUSTER_ANSWER', { ...about, claim });
  }
  return { token: text, claims: issued, webtaskUrl: answer.headers.get('location') ?? undefined };
}

function isLoopback(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '');
  const family = isIP(host);
  return host === 'localhost' || (family !== 0 && LOOPBACK.check(host, family === 6 ? 'ipv6' : 'ipv4'));
}

/** What the error of an API says; what else answers is shown by its beginning. */
function messageOf(text: string): string {
  let message = text;
  try {
    const parsed = JSON.parse(text) as { message?: unknown } | null; // only its message is looked at
    if (typeof parsed?.message === 'string') message = parsed.message;
  } catch {
    // It is text of some other kind.
  }
  return message.trim().slice(0, MAX_MESSAGE) || 'no reason is given';
}

/** Of a failed fetch, the reason is in its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `it did not answer within ${TIMEOUT_MS / 1000} seconds`;
  const { cause } = error;
  if (cause instanceof AggregateError) return cause.errors.map(reasonOf).join(', ');
  return cause instanceof Error ? cause.message : error.message;
}

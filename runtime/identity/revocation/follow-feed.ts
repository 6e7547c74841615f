import { fail, WebtaskError } from '../../errors.ts';
import type { RevocationChecker, RevocationStatus, VerifiedToken } from '../revocation-status.ts';
import { ageOf, createClock, type Moment } from './clock.ts';
import { createDenylist } from './denylist.ts';
import { KINDS } from './entry.ts';
import type { FeedPage } from './feed-pages.ts';
import { createKeys } from './key.ts';
import { createMatcher } from './match.ts';
import { repeat } from './repeat.ts';
import { share } from './share.ts';

/** Which feed is followed. */
export interface FollowOptions {
  /** Of the tenant's feed, such as `https://wt.example.com/api/identity/acme/feed`; http only on this machine. */
  readonly url: string;
  /** As the server that has the store calls the tenant: what it revokes is known by this name. */
  readonly tenant: string;
  /** The value of `Authorization`, asked for each time: `Basic ...` of a client, or `Bearer ...`, that may read the feed. */
  readonly authorization: () => string | Promise<string>;
  /** How old the knowledge may be that a token is called active by: seconds, 5 unless given, 60 at most. */
  readonly maxStaleness?: number | undefined;
  /** Milliseconds since the epoch; for tests. */
  readonly now?: (() => number) | undefined;
}

/** The revocations of a tenant, known from its feed. */
export interface FollowedRevocations extends RevocationChecker {
  /** What was answered last, where that was an error. */
  problem(): string | undefined;
  /** Waits until everything is known once. */
  ready(): Promise<void>;
  /** Ends it. What is asked afterwards is answered `unknown` soon. */
  close(): Promise<void>;
}

const POLL_MS = 250;
const REQUEST_MS = 5_000;
const MAX_STALENESS = 60;
/** A page of a thousand entries has a tenth of it. */
const MAX_BYTES = 2 << 20;

/**
 * Follows the denylist of a tenant over HTTP, for a process that has no store: it checks from memory, as those that have
 * one do.
 *
 * How old its knowledge is, is counted from before each request was sent, so that no delay on the way, and no clock of
 * the other side, makes it younger than it is.
 *
 * @throws REVOCATION_OPTION_INVALID
 * @example
 * const revocation = followRevocations({ url, tenant: 'acme', authorization: () => `Bearer ${token}` });
 * await revocation.ready();
 * app.use(requireAccessToken({ issuer, audience, revocation }));
 */
export function followRevocations(options: FollowOptions): FollowedRevocations {
  const { url, tenant, authorization, maxStaleness = 5, now = Date.now } = options;
  checkOptions(url, maxStaleness);
  const clock = createClock(now);
  const seconds = (): number => clock().wall / 1000;
  const denylist = createDenylist(seconds);
  const matcher = createMatcher(createKeys(tenant), denylist, seconds);
  let after: string | undefined;
  let asOf: Moment | undefined;
  let problem: string | undefined;
  let isClosed = false;
  let onReady: () => void = () => undefined;
  const isReady = new Promise<void>((resolve) => {
    onReady = resolve;
  });

  /** Reads on until there is no more; once from the beginning, where its place is not known any more. */
  async function poll(): Promise<void> {
    let restarts = 0;
    for (let page: FeedPage | undefined; page?.age === undefined && !isClosed; ) {
      const { wall, steady } = clock();
      page = await readPage(url, after, await authorization());
      if (after !== undefined && epochOf(page.next) !== epochOf(after)) restarts += 1;
      if (restarts > 1) {
        const reason = 'it begins anew all the time, as where several servers answer by turns';
        throw new WebtaskError('REVOCATION_FEED', { url, reason });
      }
      page.entries.forEach(denylist.add);
      const isWaiting = page.age === undefined && page.entries.length === 0 && page.next === after;
      after = page.next;
      if (isWaiting) return; // the other side does not know everything yet itself
      if (page.age === undefined) continue;
      asOf = { wall: wall - page.age, steady: steady - page.age };
      onReady();
    }
  }
  const pollOnce = share(async () => {
    try {
      await poll();
      problem = undefined;
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
      throw error;
    }
  });
  const stops = [
    repeat(POLL_MS, () => pollOnce().catch(() => undefined)), // told by problem()
    repeat(1_000, async () => denylist.sweep()),
  ];

  function check(token: VerifiedToken): RevocationStatus {
    const by = matcher.match(token);
    const known = asOf?.wall ?? 0;
    if (by !== undefined) return { status: 'revoked', asOf: known, by };
    const isFresh = asOf !== undefined && ageOf(asOf, clock()) <= maxStaleness * 1000;
    return { status: isFresh ? 'active' : 'unknown', asOf: known };
  }

  return {
    check,
    async confirm(token) {
      await pollOnce().catch(() => undefined); // then it is unknown soon
      return check(token);
    },
    problem: () => problem,
    ready: () => isReady,
    async close() {
      isClosed = true;
      await Promise.all(stops.map((stop) => stop()));
    },
  };
}

function checkOptions(url: string, maxStaleness: number): void {
  if (!(maxStaleness > 0 && maxStaleness <= MAX_STALENESS)) {
    const reason = `is no number of seconds above 0 and up to ${MAX_STALENESS}`;
    fail('REVOCATION_OPTION_INVALID', { option: 'maxStaleness', reason });
  }
  const { protocol, hostname } = URL.canParse(url) ? new URL(url) : { protocol: '', hostname: '' };
  const isHere = ['127.0.0.1', '[::1]', 'localhost'].includes(hostname);
  if (protocol !== 'https:' && !(protocol === 'http:' && isHere)) {
    fail('REVOCATION_OPTION_INVALID', { option: 'url', reason: 'is neither https nor on this machine' });
  }
}

async function readPage(url: string, after: string | undefined, authorization: string): Promise<FeedPage> {
  const asked = new URL(url);
  if (after !== undefined) asked.searchParams.set('after', after);
  try {
    const response = await fetch(asked, {
      headers: { Authorization: authorization },
      redirect: 'error',
      signal: AbortSignal.timeout(REQUEST_MS),
    });
    const text = await readText(response);
    if (!response.ok) throw new Error(`HTTP ${response.status} ${text.slice(0, 200)}`);
    return toPage(JSON.parse(text));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new WebtaskError('REVOCATION_FEED', { url, reason }, { cause });
  }
}

async function readText({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new Error(`it has more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** What is not understood is no page: to pass over it would be to pass over a revocation. */
function toPage(value: unknown): FeedPage {
  const { entries, next, age } = (value ?? {}) as Partial<FeedPage>; // looked at here
  const isAge = age === undefined || (Number.isFinite(age) && age >= 0);
  if (!Array.isArray(entries) || typeof next !== 'string' || !isAge) throw new Error('it is no page of a feed');
  for (const { kind, key, notBefore, expires } of entries as Record<string, unknown>[]) {
    const isEntry = KINDS.has(kind) && typeof key === 'string' && /^[\w-]{43}$/.test(key);
    if (!isEntry || !isTime(notBefore) || !isTime(expires)) throw new Error('it has an entry that is none');
  }
  return { entries, next, ...(age !== undefined && { age }) };
}

/** What a place belongs to: another one means that the feed begins anew. */
function epochOf(place: string): string {
  return place.slice(0, place.indexOf('.'));
}

function isTime(value: unknown): boolean {
  return value === undefined || (Number.isSafeInteger(value) && Number(value) >= 0);
}

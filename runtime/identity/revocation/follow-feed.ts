import { fail, WebtaskError } from '../../errors.ts';
import type { RevocationChecker } from '../revocation-status.ts';
import { createClock } from './clock.ts';
import { KINDS } from './entry.ts';
import type { FeedPage } from './feed-pages.ts';
import { createFollower } from './follower.ts';
import { repeat } from './repeat.ts';

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
 * one do. Behind the URL there may be any number of servers that share a store, which answer by turns.
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
  const follower = createFollower({
    tenant,
    url,
    read: async (after) => readPage(url, after, await authorization()),
    maxStalenessMs: maxStaleness * 1000,
    clock: createClock(now),
  });
  let problem: string | undefined;
  let onReady: () => void = () => undefined;
  const isReady = new Promise<void>((resolve) => {
    onReady = resolve;
  });

  /** Reads on. What goes wrong is told by `problem()`, and is `unknown` soon. */
  async function poll(): Promise<void> {
    try {
      await follower.poll();
      problem = undefined;
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
    if (follower.isReady()) onReady();
  }
  const stops = [repeat(POLL_MS, poll), repeat(1_000, async () => follower.sweep())];

  return {
    check: follower.check,
    async confirm(token) {
      await poll();
      return follower.check(token);
    },
    problem: () => problem,
    ready: () => isReady,
    async close() {
      follower.close();
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

/** One that is refused may be understood by no server any more. */
async function readPage(url: string, after: string | undefined, authorization: string): Promise<FeedPage | 'refused'> {
  const asked = new URL(url);
  if (after !== undefined) asked.searchParams.set('after', after);
  try {
    const response = await fetch(asked, {
      headers: { Authorization: authorization },
      redirect: 'error',
      signal: AbortSignal.timeout(REQUEST_MS),
    });
    const text = await readText(response);
    if (response.status === 400 && after !== undefined) return 'refused';
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
  const { entries, next, begins, age } = (value ?? {}) as Partial<FeedPage>; // looked at here
  const isAge = age === undefined || (Number.isFinite(age) && age >= 0);
  const isBegin = begins === undefined || begins === true;
  if (!Array.isArray(entries) || typeof next !== 'string' || !isAge || !isBegin)
    throw new Error('it is no page of a feed');
  for (const { kind, key, notBefore, expires } of entries as Record<string, unknown>[]) {
    const isEntry = KINDS.has(kind) && typeof key === 'string' && /^[\w-]{43}$/.test(key);
    if (!isEntry || !isTime(notBefore) || !isTime(expires)) throw new Error('it has an entry that is none');
  }
  return { entries, next, ...(begins && { begins }), ...(age !== undefined && { age }) };
}

function isTime(value: unknown): boolean {
  return value === undefined || (Number.isSafeInteger(value) && Number(value) >= 0);
}

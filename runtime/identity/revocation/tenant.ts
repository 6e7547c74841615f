import { WebtaskError } from '../../errors.ts';
import type { RevocationChecker, RevocationStatus, VerifiedToken } from '../revocation-status.ts';
import { ageOf, type Clock, type Moment } from './clock.ts';
import type { Denylist } from './denylist.ts';
import { type NewRevocation, type RevocationEntry, type RevocationKind, toEntry } from './entry.ts';
import type { ReadFeed } from './feed-pages.ts';
import { createKeys } from './key.ts';
import type { Log } from './log.ts';
import { createMatcher, forbids, type Selector } from './match.ts';
import type { Records } from './records.ts';
import { share } from './share.ts';
import { ALWAYS } from './table.ts';

/** The revocations of one tenant, which know nothing of those of another. */
export interface TenantRevocations extends RevocationChecker {
  /**
   * Revokes. Once it is acknowledged it is kept, and every process that shares the store refuses what it forbids as
   * soon as it has read on, and answers `unknown` from the allowed staleness on where it cannot.
   *
   * @returns the entry, which names nobody
   * @throws REVOCATION_INVALID, REVOCATION_DATED_AHEAD, STORE_UNREACHABLE: then it may be repeated, and may have been done
   * @example
   * await revocations.revoke({ kind: 'sub', iss: 'https://issuer.example/', id: 'user 1', reason: 'left' });
   */
  revoke(revocation: NewRevocation): Promise<RevocationEntry>;
  /**
   * Reads from the store why and by whom a token was revoked.
   *
   * @returns nothing where it is not
   * @throws STORE_UNREACHABLE
   */
  reasonOf(token: VerifiedToken): Promise<RevocationEntry | undefined>;
  /**
   * Gives what is revoked to those who have no store, page by page, and then what is added.
   *
   * @param after - the `next` of the page before, of whichever process that shares the store
   * @throws REVOCATION_REQUEST, STORE_UNREACHABLE
   */
  readFeed: ReadFeed;
}

/** What the revocations of a tenant work with. */
export interface TenantParts {
  readonly records: Records;
  readonly denylist: Denylist;
  readonly log: Log;
  readonly clock: Clock;
  readonly readFeed: ReadFeed;
  /** Until when everything is known, once it is loaded. */
  readonly asOf: () => Moment | undefined;
  /** How old that may be, in milliseconds. */
  readonly maxStalenessMs: number;
  /** Proves anew what is known, by one read of the store for all who ask. */
  readonly refresh: () => Promise<void>;
}

/** An entry as the store had it at that time: milliseconds since the epoch. */
interface Read {
  readonly kind: RevocationKind;
  readonly entry: RevocationEntry | undefined;
  readonly asOf: number;
}

/** Makes the revocations of a tenant. */
export function createTenant(name: string, parts: TenantParts): TenantRevocations {
  const { records, denylist, log, clock, maxStalenessMs, readFeed } = parts;
  const keys = createKeys(name);
  const seconds = (): number => clock().wall / 1000;
  const matcher = createMatcher(keys, denylist);
  const reading = new Map<string, () => Promise<Read>>();

  function check(token: VerifiedToken): RevocationStatus {
    const now = clock();
    const by = matcher.match(token, now.wall / 1000);
    const known = parts.asOf();
    const asOf = known?.wall ?? 0;
    // What is revoked stays so, however old the knowledge is.
    if (by !== undefined) return { status: 'revoked', asOf, by };
    const isFresh = known !== undefined && ageOf(known, now) <= maxStalenessMs;
    return { status: isFresh ? 'active' : 'unknown', asOf };
  }

  /** Reads one entry, once for all who want it before it is read. */
  async function read({ kind, key }: Selector): Promise<Read> {
    let shared = reading.get(key);
    if (!shared) {
      shared = share(async () => ({ kind, asOf: clock().wall, entry: await records.read(name, key) }));
      reading.set(key, shared);
    }
    try {
      return await shared();
    } finally {
      reading.delete(key);
    }
  }

  /** Reads all that may forbid a token, and says what does. */
  async function find(token: VerifiedToken): Promise<{ found: Read | undefined; asOf: number }> {
    const all = await Promise.all(matcher.selectorsOf(token).map(read));
    const found = all.find(({ entry }) => entry && forbids(entry.notBefore ?? ALWAYS, token.claims.iat, seconds()));
    return { found, asOf: Math.min(...all.map(({ asOf }) => asOf)) };
  }

  return {
    check,
    async confirm(token) {
      const asked = clock();
      try {
        if (parts.asOf()) {
          await parts.refresh();
          const known = parts.asOf();
          if (known && known.steady >= asked.steady) return check(token);
        }
        // Not everything is known: what may name this token is read itself.
        const { found, asOf } = await find(token);
        return found ? { status: 'revoked', asOf, by: found.kind } : { status: 'active', asOf };
      } catch (error) {
        if (!(error instanceof WebtaskError)) throw error;
        const { status, ...rest } = check(token);
        return status === 'active' ? { ...rest, status: 'unknown' } : { ...rest, status };
      }
    },
    async revoke(revocation) {
      const entry = toEntry(keys, revocation, seconds());
      await records.write(name, entry);
      denylist.add(entry);
      const { kind, key, notBefore, expires } = entry;
      await log.append({ tenant: name, kind, key, notBefore, expires });
      return entry;
    },
    async reasonOf(token) {
      return (await find(token)).found?.entry;
    },
    readFeed,
  };
}

import { randomUUID } from 'node:crypto';
import { fail } from '../../errors.ts';
import type { Item, Store } from '../../store/index.ts';
import type { Clock, Moment } from './clock.ts';
import { share } from './share.ts';

/** What a process says of itself: each half second, and before it acknowledges an entry. */
export interface Heartbeat {
  /** Grows by one with each. */
  readonly beat: number;
  /** The number of the last item of its log. */
  readonly last: number;
  /** The number of the last one that is older than {@link OVERLAP_MS}. */
  readonly settled: number;
  /** The time of its day, in milliseconds since the epoch. Nothing depends on it but what may be removed. */
  readonly at: number;
  /** Whether others have taken the process for dead, and its log is being removed. */
  readonly isBuried?: true;
}

/** This process, among those that share the store. */
export interface Member {
  /** What it writes under: random, and another one where this process was taken for dead meanwhile. */
  id(): string;
  /**
   * Writes a heartbeat with the last number, once for all who want one at the same time.
   *
   * @throws STORE_UNREACHABLE
   */
  beat(): Promise<void>;
  /** When a heartbeat of this process was sent, which for an old one is not known any more. */
  sentAt(beat: number): Moment | undefined;
  /** The number that its next heartbeat says. */
  last(): number;
  /** The last number that its heartbeat has said to be older than {@link OVERLAP_MS}. */
  settled(): number;
  /** Notes that all its items up to a number are in its log. */
  wrote(writer: string, number: number): void;
}

/** Where heartbeats are. */
export const MEMBERS = 'revocation/members';
/** How often one is due. */
export const BEAT_MS = 500;
/** By how much the reads of a store may be behind without anything being missed by who starts to follow a tenant. */
export const OVERLAP_MS = 3_000;

/** Longer than any staleness that may be allowed. */
const REMEMBERED_MS = 120_000;
const MAX_ATTEMPTS = 5;

/** Makes this process known to those that share its store, from its first heartbeat on. */
export function createMember(store: Store, clock: Clock, newId: () => string = randomUUID): Member {
  let id = newId();
  let version: string | null = null;
  let last = 0;
  let settled = 0;
  let said = 0;
  let count = 0;
  let sent: { readonly beat: number; readonly last: number; readonly at: Moment }[] = [];

  function compose(): Heartbeat {
    const at = clock();
    const isSettled = ({ at: then }: { at: Moment }): boolean => at.steady - then.steady > OVERLAP_MS;
    settled = sent.findLast(isSettled)?.last ?? settled;
    while (sent[0] && at.steady - sent[0].at.steady > REMEMBERED_MS) sent.shift();
    count += 1;
    sent.push({ beat: count, last, at });
    return { beat: count, last, settled, at: at.wall };
  }

  /**
   * Writes over the heartbeat before it and over no other: one that was long under way must not come after a later one,
   * and take back what that has said.
   */
  async function write(): Promise<void> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const heartbeat = compose();
      const written = await store.put({ partition: MEMBERS, sort: id }, heartbeat, { expected: version });
      if (written.ok) {
        version = written.version;
        said = heartbeat.settled;
        return;
      }
      if (written.current && !toHeartbeat(written.current).isBuried)
        version = written.current.version; // one that was not answered has arrived
      else startAgain();
    }
    fail('STORE_UNREACHABLE', { reason: 'it takes no heartbeat' });
  }

  /** Others have taken this process for dead, and its entries away: what is not acknowledged is written again. */
  function startAgain(): void {
    id = newId();
    version = null;
    last = 0;
    settled = 0;
    said = 0;
    sent = [];
  }

  return {
    id: () => id,
    beat: share(write),
    sentAt: (beat) => sent.findLast((it) => it.beat === beat)?.at,
    last: () => last,
    settled: () => said,
    wrote(writer, number) {
      if (writer === id) last = number;
    },
  };
}

/** Reads a heartbeat. */
export function toHeartbeat({ value }: Item): Heartbeat {
  return value as Heartbeat; // as it was written here
}

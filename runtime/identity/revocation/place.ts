import { hash } from 'node:crypto';
import { fail } from '../../errors.ts';

/**
 * How far somebody has come in the feed of a tenant, in terms that mean the same to every server over one store.
 *
 * It holds what he knows, not where he was told: the number of the last item that he has of each process's log.
 */
export interface Place {
  /** The store and the tenant that it is a place of, by {@link nameOf}. */
  readonly of: string;
  /** How many logs had been removed from the store, all of which he knows to their end. */
  readonly burials: number;
  /** By {@link nameOf} of each process; 0 for one that is not there. */
  readonly known: ReadonlyMap<string, number>;
  /** Where he is among the entries that were there before. */
  readonly stored?: { readonly shard: number; readonly after: string } | undefined;
}

/** More than four hundred processes need. */
const MAX_LENGTH = 8 * 1024;
const PLACE = /^1\.([\w-]{12})\.(\d{1,15})\.((?:[\w-]{12}\d{1,12}\*)*)(?:\.([0-3])\.([\w-]{0,43}))?$/;
const KNOWN = /([\w-]{12})(\d+)\*/g;

/** A short name: 72 bits, which no two that are in use at a time have in common. */
export function nameOf(...what: readonly string[]): string {
  return hash('sha256', JSON.stringify(what), 'base64url').slice(0, 12);
}

/** Writes a place down: `1.{of}.{burials}.{name}{number}*....`, with `.{shard}.{after}` where it is among entries. */
export function formatPlace({ of, burials, known, stored }: Place): string {
  const numbers = [...known].map(([name, number]) => `${name}${number}*`).join('');
  return `1.${of}.${burials}.${numbers}${stored ? `.${stored.shard}.${stored.after}` : ''}`;
}

/**
 * Reads a place. It is nothing that has to be kept from being made up: who claims to know what he does not is told the
 * less, and nothing that is not his to read.
 *
 * @throws REVOCATION_REQUEST
 */
export function parsePlace(text: string): Place {
  const found = text.length <= MAX_LENGTH ? PLACE.exec(text) : null;
  if (!found) return fail('REVOCATION_REQUEST', { reason: 'its after is no place in the feed' });
  const [, of = '', burials, numbers = '', shard, after = ''] = found;
  const known = new Map([...numbers.matchAll(KNOWN)].map(([, name = '', number]) => [name, Number(number)]));
  return {
    of,
    burials: Number(burials),
    known,
    ...(shard !== undefined && { stored: { shard: Number(shard), after } }),
  };
}

import { createHash, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { KeySet } from './keyset.ts';

/**
 * Finds which of the cluster's own keys a credential is, in base64url or hexadecimal: who holds such a key could
 * sign any token, and so needs none.
 *
 * A key that is limited to containers is no master key. Takes as long whether or not it is one.
 *
 * @returns its `kid`; `undefined` where it is none of them
 * @see protocol reference 5.1
 */
export function findMasterKey(credential: string, keys: KeySet): string | undefined {
  const isHex = /^([0-9a-f]{2})+$/i.test(credential);
  const presented = digest(Buffer.from(credential, isHex ? 'hex' : 'base64url'));
  let found: string | undefined;
  for (const { kid, key } of masterKeys(keys)) {
    if (timingSafeEqual(digest(key.export()), presented)) found = kid;
  }
  return found;
}

/** Whether a credential is one of them. */
export function isMasterKey(credential: string, keys: KeySet): boolean {
  return findMasterKey(credential, keys) !== undefined;
}

function masterKeys({ signing, symmetric, earlier }: KeySet): { kid: string; key: KeyObject }[] {
  const signers = [...signing.values()].flatMap(({ kid, algorithm, containers, signWith }) =>
    algorithm === 'HS256' && containers === undefined && signWith ? [{ kid, key: signWith }] : [],
  );
  const sealers = [symmetric, ...(earlier?.symmetric ?? [])].flatMap((it) => (it ? [it] : []));
  return [...signers, ...sealers];
}

function digest(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}

import { createHash, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { KeySet } from './keyset.ts';

/**
 * Says whether a credential is one of the cluster's own keys, in base64url or hexadecimal: who holds such a key could
 * sign any token, and so needs none.
 *
 * A key that is limited to containers is no master key. Takes as long whether or not it is one.
 *
 * @see protocol reference 5.1
 */
export function isMasterKey(credential: string, keys: KeySet): boolean {
  const isHex = /^([0-9a-f]{2})+$/i.test(credential);
  const presented = digest(Buffer.from(credential, isHex ? 'hex' : 'base64url'));
  let found = false;
  for (const key of masterKeys(keys)) {
    if (timingSafeEqual(digest(key.export()), presented)) found = true;
  }
  return found;
}

function masterKeys({ signing, symmetric, earlier }: KeySet): KeyObject[] {
  const signers = [...signing.values()].flatMap(({ algorithm, containers, signWith }) =>
    algorithm === 'HS256' && containers === undefined && signWith ? [signWith] : [],
  );
  const sealers = [symmetric, ...(earlier?.symmetric ?? [])].flatMap((it) => (it ? [it.key] : []));
  return [...signers, ...sealers];
}

function digest(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}

import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { existingKeyFile } from './change-key-file.ts';
import type { StoredKey } from './key-file.ts';
import type { KeySet, SealingCertificate } from './keyset.ts';
import { loadKeySet } from './load-keyset.ts';

/** What can be said of a key, which is never its secret. */
export interface KeyReport {
  readonly kid: string;
  readonly kind: 'signing' | 'encryption' | 'certificate';
  /** `HS256`, `dir`, `RSA-OAEP-256` and so on. */
  readonly algorithm: string;
  /** `current` signs and seals; `live` only verifies and opens. */
  readonly state: 'current' | 'live';
  /** ISO 8601; `null` where it does not say when it was made. */
  readonly since: string | null;
  /** The end of a certificate's validity: ISO 8601. */
  readonly until?: string;
  /** The only containers that it signs for. */
  readonly containers?: readonly string[];
}

/**
 * Lists the keys of a cluster as a server would use them: those that sign and seal first.
 *
 * @param now - milliseconds since the epoch
 * @throws KEYS_NONE, and what `loadKeySet` throws
 */
export async function listKeys(dataFolder: string, env: NodeJS.ProcessEnv, now: number): Promise<KeyReport[]> {
  const file = env.WEBTASK_SIGNING_KEY ? undefined : await existingKeyFile({ dataFolder, env });
  const keys = await loadKeySet({ dataFolder, env, now });
  const made = new Map<string, string>();
  if (file !== undefined) {
    const stored = (JSON.parse(await readFile(file, 'utf8')) as { keys: StoredKey[] }).keys;
    for (const { kid = '', iat } of stored) if (iat !== undefined) made.set(kid, new Date(iat * 1000).toISOString());
  }
  return describeKeys(keys, made);
}

function describeKeys(
  { signing, current, symmetric, certificate, earlier }: KeySet,
  made: ReadonlyMap<string, string>,
): KeyReport[] {
  const since = (kid: string): string | null => made.get(kid) ?? null;
  const signers = [...signing.values()].sort((a, b) => Number(b === current) - Number(a === current));
  const sealers = [symmetric, ...(earlier?.symmetric ?? [])];
  const certificates = [certificate, ...(earlier?.certificates ?? [])];
  const found = <T>(all: readonly (T | undefined)[]): T[] => all.filter((it) => it !== undefined);
  return [
    ...signers.map(({ kid, algorithm, containers }): KeyReport => {
      const state = kid === current?.kid ? 'current' : 'live';
      return { kid, kind: 'signing', algorithm, state, since: since(kid), ...(containers && { containers }) };
    }),
    ...found(sealers).map(({ kid }): KeyReport => {
      const state = kid === symmetric?.kid ? 'current' : 'live';
      return { kid, kind: 'encryption', algorithm: 'dir', state, since: since(kid) };
    }),
    ...found(certificates).map((it) => describeCertificate(it, it === certificate)),
  ];
}

function describeCertificate({ fingerprint, pem }: SealingCertificate, isCurrent: boolean): KeyReport {
  const { validFrom, validTo } = new X509Certificate(pem);
  return {
    kid: fingerprint,
    kind: 'certificate',
    algorithm: 'RSA-OAEP-256',
    state: isCurrent ? 'current' : 'live',
    since: new Date(validFrom).toISOString(),
    until: new Date(validTo).toISOString(),
  };
}

import { X509Certificate } from 'node:crypto';
import { fail, WebtaskError } from '../errors.ts';
import { checkCertificate } from './certificate.ts';
import type { KeySet } from './keyset.ts';

/** What secrets are sealed for: the same claims as in the token that carries them. */
export interface SealedFor {
  readonly ten?: string | undefined;
  readonly url?: string | undefined;
  readonly url_sha256?: string | undefined;
  /** Only of secrets that are sent to be issued; see `sealedForRequest`. No token carries it. */
  readonly issuer?: string | undefined;
}

const RESERVED = /^WEBTASK_/;

/**
 * Seals secrets for one container, URL and code.
 *
 * The seal names what it is for, so that nobody who can mint copies it into a token with code of their own.
 *
 * @param how - `certificate` (RSA-OAEP-256, A256GCM) needs no key that could open it; `dir` is what the cluster itself
 *   uses, under its symmetric key
 * @param now - milliseconds since the epoch
 * @returns a compact JWE: the claim `ectx`
 * @throws SECRET_RESERVED, SEAL_NO_KEY, CERTIFICATE_UNUSABLE
 * @see RFC 7516
 */
export async function sealSecrets(
  secrets: Readonly<Record<string, string>>,
  sealedFor: SealedFor,
  keys: KeySet,
  how: 'certificate' | 'dir' = 'certificate',
  now = Date.now(),
): Promise<string> {
  for (const name of Object.keys(secrets)) if (RESERVED.test(name)) fail('SECRET_RESERVED', { name });
  const { CompactEncrypt } = await import('jose');
  const plaintext = Buffer.from(JSON.stringify({ for: pick(sealedFor), secrets }));
  if (how === 'dir') {
    const { kid, key } =
      keys.symmetric ?? fail('SEAL_NO_KEY', { missing: 'a symmetric key', setting: 'WEBTASK_ENCRYPTION_KEY' });
    return new CompactEncrypt(plaintext).setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid }).encrypt(key);
  }
  const { pem, fingerprint } =
    keys.certificate ?? fail('SEAL_NO_KEY', { missing: 'a certificate', setting: 'WEBTASK_CERTIFICATE' });
  checkCertificate(pem, now);
  return new CompactEncrypt(plaintext)
    .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', kid: fingerprint })
    .encrypt(new X509Certificate(pem).publicKey);
}

/**
 * Opens sealed secrets, where they were sealed for that very token.
 *
 * @param ectx - the claim
 * @param sealedFor - the claims of the token that carries it
 * @throws TOKEN_SEAL_UNREADABLE, TOKEN_SEAL_MISMATCH
 * @see RFC 7516; protocol reference 4.4
 */
export async function openSeal(ectx: string, sealedFor: SealedFor, keys: KeySet): Promise<Record<string, string>> {
  const { compactDecrypt } = await import('jose');
  let sealed: { for: SealedFor; secrets: Record<string, string> };
  try {
    const { plaintext } = await compactDecrypt(
      ectx,
      // The key decides the algorithm: each opens seals of one kind.
      ({ alg, kid }) => {
        const { certificate, symmetric, earlier } = keys;
        const opener =
          alg === 'dir'
            ? [symmetric, ...(earlier?.symmetric ?? [])].find((it) => it?.kid === kid)?.key
            : [certificate, ...(earlier?.certificates ?? [])].find((it) => it?.fingerprint === kid)?.privateKey;
        if (opener) return opener;
        return fail('TOKEN_SEAL_UNREADABLE', { reason: 'no key of this cluster opens it' });
      },
      { keyManagementAlgorithms: ['RSA-OAEP-256', 'dir'], contentEncryptionAlgorithms: ['A256GCM'] },
    );
    sealed = JSON.parse(Buffer.from(plaintext).toString('utf8'));
    // Whoever has the certificate can seal what they like.
    const values: unknown[] = [...Object.values(sealed.for), ...Object.values(sealed.secrets)];
    if (!values.every((value) => typeof value === 'string')) throw new TypeError('a secret is no text');
  } catch (cause) {
    if (cause instanceof WebtaskError) throw cause;
    return fail('TOKEN_SEAL_UNREADABLE', { reason: 'it is damaged' }, { cause });
  }
  if (JSON.stringify(pick(sealed.for)) !== JSON.stringify(pick(sealedFor))) fail('TOKEN_SEAL_MISMATCH');
  return Object.fromEntries(Object.entries(sealed.secrets).filter(([name]) => !RESERVED.test(name)));
}

/** In one order, so that texts can be compared; what is absent stays absent. */
function pick({ ten, url, url_sha256, issuer }: SealedFor): SealedFor {
  return { ten, url, url_sha256, issuer };
}

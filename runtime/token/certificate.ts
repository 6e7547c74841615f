import type { KeyObject } from 'node:crypto';
import { X509Certificate } from 'node:crypto';
import { createRequire } from 'node:module';
import { fail } from '../errors.ts';

const YEARS = 10;
const MIN_RSA_BITS = 2048;

/** Loaded when a certificate is made or read; running webtasks needs neither. */
const forge = (): typeof import('node-forge') => createRequire(import.meta.url)('node-forge');

/**
 * Makes a self-signed X.509 certificate to which secrets are sealed.
 *
 * @param privateKey - RSA
 * @param now - milliseconds since the epoch; the certificate is valid for ten years from then
 * @returns PEM
 */
export function createCertificate(privateKey: KeyObject, serialNumber: string, now: number): string {
  const { pki, md } = forge();
  const key = pki.privateKeyFromPem(privateKey.export({ type: 'pkcs1', format: 'pem' }).toString());
  const certificate = pki.createCertificate();
  certificate.publicKey = pki.setRsaPublicKey(key.n, key.e);
  certificate.serialNumber = serialNumber;
  certificate.validity.notBefore = new Date(now);
  certificate.validity.notAfter = new Date(now);
  certificate.validity.notAfter.setFullYear(certificate.validity.notBefore.getFullYear() + YEARS);
  const name = [{ name: 'commonName', value: 'webtask secrets' }];
  certificate.setSubject(name);
  certificate.setIssuer(name);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: false, critical: true },
    { name: 'keyUsage', keyEncipherment: true, dataEncipherment: true, critical: true },
  ]);
  certificate.sign(key, md.sha256.create());
  return pki.certificateToPem(certificate);
}

/**
 * Checks that secrets may be sealed to a certificate now.
 *
 * @param pem - X.509
 * @param now - milliseconds since the epoch
 * @throws CERTIFICATE_UNUSABLE
 * @see RFC 5280 sections 4.1.2.5 and 4.2.1.3
 */
export function checkCertificate(pem: string, now: number): void {
  const { pki } = forge();
  let certificate: ReturnType<typeof pki.certificateFromPem>;
  try {
    certificate = pki.certificateFromPem(pem);
  } catch (cause) {
    fail('CERTIFICATE_UNUSABLE', { reason: 'it is no X.509 certificate with an RSA key' }, { cause });
  }
  const { notBefore, notAfter } = certificate.validity;
  if (now < notBefore.getTime()) unusable(`it is not valid before ${notBefore.toISOString()}`);
  if (now > notAfter.getTime()) unusable(`it was valid until ${notAfter.toISOString()}`);
  // A PEM certificate that node-forge reads has an RSA key.
  const bits = (certificate.publicKey as import('node-forge').pki.rsa.PublicKey).n.bitLength();
  if (bits < MIN_RSA_BITS) unusable(`its RSA key has ${bits} bits, and ${MIN_RSA_BITS} are the least`);
  const usage = certificate.getExtension('keyUsage') as { keyEncipherment?: boolean } | undefined | null; // typed loosely there
  if (usage && !usage.keyEncipherment) unusable('its key usage does not include keyEncipherment');
}

/** The SHA-256 fingerprint of a certificate, in lower-case hexadecimal. */
export function fingerprintOf(pem: string): string {
  try {
    return new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();
  } catch (cause) {
    return fail('CERTIFICATE_UNUSABLE', { reason: 'it is no X.509 certificate' }, { cause });
  }
}

function unusable(reason: string): never {
  return fail('CERTIFICATE_UNUSABLE', { reason });
}

import { createPrivateKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import forge from 'node-forge';
import type { SealingCertificate } from '../../runtime/token/index.ts';

/** What a certificate is made with. */
export interface CertificateForm {
  readonly bits?: number;
  /** A new one otherwise, which takes a while to make. */
  readonly privateKey?: KeyObject;
  readonly from?: Date;
  readonly to?: Date;
  /** None for a certificate that does not say what it is for. */
  readonly keyUsage?: Readonly<Record<string, boolean>> | undefined;
}

/** Makes a self-signed certificate with node-forge alone, good from 2020 to 2040 unless told otherwise. */
export function makeCertificate({
  bits = 2048,
  privateKey = generateKeyPairSync('rsa', { modulusLength: bits }).privateKey,
  from = new Date('2020-01-01T00:00:00Z'),
  to = new Date('2040-01-01T00:00:00Z'),
  keyUsage,
}: CertificateForm = {}): SealingCertificate & { readonly privateKey: KeyObject; readonly keyPem: string } {
  const keyPem = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
  const key = forge.pki.privateKeyFromPem(keyPem);
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.setRsaPublicKey(key.n, key.e);
  certificate.validity = { notBefore: from, notAfter: to };
  certificate.setSubject([{ name: 'commonName', value: 'test' }]);
  certificate.setIssuer([{ name: 'commonName', value: 'test' }]);
  if (keyUsage) certificate.setExtensions([{ name: 'keyUsage', ...keyUsage }]);
  certificate.sign(key, forge.md.sha256.create());
  const pem = forge.pki.certificateToPem(certificate);
  const fingerprint = new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();
  return { pem, fingerprint, keyPem, privateKey: createPrivateKey(keyPem) };
}

/** A certificate with an EC key on P-256, signed by itself. */
export const EC_CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBczCCARmgAwIBAgIUMjg6brHa5ZRBHzMH6DwaIOv80rAwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAeFw0yNjExMjIxOTM0NDhaFw0zNjExMTkxOTM0NDha
MA8xDTALBgNVBAMMBHRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASk93kQ
0RMqHlLnn2VHcOMK0isTEYVF85S73Z2MznQi6gJTgjfcgCuuSr2DiDbT0CokVu5S
5evXEulUPDeqCnGNo1MwUTAdBgNVHQ4EFgQUDfreHJB2ORD0LZawnCENMatNjsgw
HwYDVR0jBBgwFoAUDfreHJB2ORD0LZawnCENMatNjsgwDwYDVR0TAQH/BAUwAwEB
/zAKBggqhkjOPQQDAgNIADBFAiEAnHFIa5bxHxLhdYmZ7H8SAO8EMzAvOknLsGIx
pj0A+K8CIE5q2s08AZE+e0V+R+g9XA4EWq30QbjOyPBLoueOtNyF
-----END CERTIFICATE-----
`;

import { createHash, createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { expect } from 'chai';
import forge from 'node-forge';
import { checkCertificate, createCertificate, fingerprintOf } from '../../../runtime/token/certificate.ts';
import { EC_CERTIFICATE, makeCertificate } from '../../support/certificate.ts';
import { NOW } from '../../support/keys.ts';
import { refusalIn } from '../../support/refusal.ts';

const NOW_MS = NOW * 1000;

/** Of all that may have the same. */
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

describe('the certificate that is made', () => {
  const pem = createCertificate(privateKey, '0123456789abcdef', NOW_MS);

  it('is one of X.509, for the key it was made with, signed with that key, good for ten years', () => {
    const certificate = new X509Certificate(pem);
    expect(certificate.subject).to.equal('CN=webtask secrets');
    expect(certificate.issuer).to.equal('CN=webtask secrets');
    expect(certificate.serialNumber).to.equal('0123456789ABCDEF');
    expect(new Date(certificate.validFrom).toISOString()).to.equal('2027-01-15T08:00:00.000Z');
    expect(new Date(certificate.validTo).toISOString()).to.equal('2037-01-15T08:00:00.000Z');
    expect(certificate.ca).to.equal(false);
    expect(certificate.checkPrivateKey(privateKey)).to.equal(true);
    expect(certificate.verify(createPublicKey(privateKey))).to.equal(true);
  });

  it('says that it is for encrypting keys and data, which no reader may pass over', () => {
    const { digitalSignature, keyEncipherment, dataEncipherment, keyCertSign, critical } = Object(
      forge.pki.certificateFromPem(pem).getExtension('keyUsage'),
    );
    expect({ digitalSignature, keyEncipherment, dataEncipherment, keyCertSign, critical }).to.deep.equal({
      digitalSignature: false,
      keyEncipherment: true,
      dataEncipherment: true,
      keyCertSign: false,
      critical: true,
    });
  });

  it('may be sealed to from the first second to the last, and no longer', () => {
    const until = Date.UTC(2037, 0, 15, 8);
    for (const now of [NOW_MS, until]) expect(() => checkCertificate(pem, now)).not.to.throw();
    expect(refusalIn(() => checkCertificate(pem, NOW_MS - 1)).message).to.equal(
      'Secrets cannot be sealed to the certificate: it is not valid before 2027-01-15T08:00:00.000Z.',
    );
    expect(refusalIn(() => checkCertificate(pem, until + 1)).message).to.equal(
      'Secrets cannot be sealed to the certificate: it was valid until 2037-01-15T08:00:00.000Z.',
    );
  });
});

describe('a certificate from elsewhere', () => {
  it('is good where it has 2048 bits and is for encrypting keys, or does not say what it is for', () => {
    expect(() => checkCertificate(makeCertificate({ privateKey }).pem, NOW_MS)).not.to.throw();
    const keyUsage = { keyEncipherment: true, digitalSignature: true };
    expect(() => checkCertificate(makeCertificate({ privateKey, keyUsage }).pem, NOW_MS)).not.to.throw();
  });

  for (const [what, reason, pem] of [
    [
      'has expired',
      'it was valid until 2025-06-01T00:00:00.000Z',
      () => makeCertificate({ privateKey, to: new Date('2025-06-01T00:00:00Z') }).pem,
    ],
    [
      'is not valid yet',
      'it is not valid before 2030-06-01T00:00:00.000Z',
      () => makeCertificate({ privateKey, from: new Date('2030-06-01T00:00:00Z') }).pem,
    ],
    ['has a short key', 'its RSA key has 1024 bits, and 2048 are the least', () => makeCertificate({ bits: 1024 }).pem],
    [
      'is for signing only',
      'its key usage does not include keyEncipherment',
      () => makeCertificate({ privateKey, keyUsage: { digitalSignature: true, keyCertSign: true } }).pem,
    ],
    ['has an EC key', 'it is no X.509 certificate with an RSA key', () => EC_CERTIFICATE],
    ['is a key', 'it is no X.509 certificate with an RSA key', () => makeCertificate({ privateKey }).keyPem],
    ['is no PEM', 'it is no X.509 certificate with an RSA key', () => 'certificate'],
  ] as const) {
    it(`is refused where it ${what}`, () => {
      expect(refusalIn(() => checkCertificate(pem(), NOW_MS))).to.deep.equal({
        code: 'CERTIFICATE_UNUSABLE',
        message: `Secrets cannot be sealed to the certificate: ${reason}.`,
        fix: undefined,
      });
    });
  }
});

describe('the fingerprint of a certificate', () => {
  it('is the SHA-256 of its DER, in lower-case hexadecimal', () => {
    const { pem } = makeCertificate({ privateKey });
    const der = forge.asn1.toDer(forge.pki.certificateToAsn1(forge.pki.certificateFromPem(pem))).getBytes();
    expect(fingerprintOf(pem)).to.equal(createHash('sha256').update(der, 'binary').digest('hex'));
  });

  it('is refused of what is no certificate', () => {
    expect(refusalIn(() => fingerprintOf(makeCertificate({ privateKey }).keyPem))).to.deep.equal({
      code: 'CERTIFICATE_UNUSABLE',
      message: 'Secrets cannot be sealed to the certificate: it is no X.509 certificate.',
      fix: undefined,
    });
  });
});

import type { asn1 as asn1Types, util as utilTypes } from 'node-forge';
import { fail } from '../errors.ts';
import type { SealingCertificate } from './keyset.ts';

type Asn1 = asn1Types.Asn1;

const ITERATIONS = 100_000;
const SALT_BYTES = 16;
const MAC_BYTES = 32;
const MIN_PASSPHRASE = 8;

/**
 * Packs a certificate and its private key into a PKCS#12 file, as other programs take them.
 *
 * The key is under AES-256-CBC, with PBKDF2 and HMAC-SHA-256; the whole has a MAC with SHA-256. Both take 100,000
 * iterations. node-forge itself knows only SHA-1 for the MAC, so that one is made here from its parts.
 *
 * @param passphrase - of eight characters or more
 * @returns DER
 * @throws PKCS12_PASSPHRASE, PKCS12_NO_KEY
 * @see RFC 7292 sections 4 and B; RFC 8018
 */
export async function createPkcs12({ pem, privateKey }: SealingCertificate, passphrase: string): Promise<Buffer> {
  if (passphrase.length < MIN_PASSPHRASE) fail('PKCS12_PASSPHRASE', { min: MIN_PASSPHRASE });
  if (privateKey === undefined) return fail('PKCS12_NO_KEY');
  const { default: forge } = await import('node-forge');
  const { asn1, pki, pkcs12, util, random, hmac, md } = forge;

  const key = pki.privateKeyFromPem(privateKey.export({ type: 'pkcs1', format: 'pem' }).toString());
  // `prfAlgorithm` is handed on to the encryption of the key; its types do not know it.
  const options = { algorithm: 'aes256', prfAlgorithm: 'sha256', count: ITERATIONS, saltSize: SALT_BYTES } as const;
  const certificate = pki.certificateFromPem(pem);
  const unsigned = { ...options, useMac: false, friendlyName: 'webtask secrets' };
  const pfx = pkcs12.toPkcs12Asn1(key, [certificate], util.encodeUtf8(passphrase), unsigned as object);

  // What is below is made of the parts that node-forge has just made: version, authSafe, and now macData.
  const [version, authSafe] = parts(pfx);
  const [, content] = parts(authSafe);
  const [octets] = parts(content);
  const salt = util.createBuffer(random.getBytesSync(SALT_BYTES));
  const saltBytes = salt.bytes();
  // Its types know neither the buffer nor the digest that it takes.
  const generateKey = pkcs12.generateKey as unknown as (...given: unknown[]) => utilTypes.ByteStringBuffer;
  const mac = hmac.create();
  mac.start('sha256', generateKey(passphrase, salt, 3, ITERATIONS, MAC_BYTES, md.sha256.create()));
  mac.update(String(octets?.value));

  const { Class, Type } = asn1;
  const sequence = (...values: Asn1[]) => asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, values);
  const primitive = (type: number, bytes: string) => asn1.create(Class.UNIVERSAL, type, false, bytes);
  const sha256 = sequence(
    primitive(Type.OID, asn1.oidToDer(pki.oids.sha256 ?? '').getBytes()),
    primitive(Type.NULL, ''),
  );
  const macData = sequence(
    sequence(sha256, primitive(Type.OCTETSTRING, mac.digest().getBytes())),
    primitive(Type.OCTETSTRING, saltBytes),
    primitive(Type.INTEGER, asn1.integerToDer(ITERATIONS).getBytes()),
  );
  const whole = sequence(...[version, authSafe, macData].filter((it) => it !== undefined));
  return Buffer.from(asn1.toDer(whole).getBytes(), 'binary');
}

/** The values of a constructed one. */
function parts(node: Asn1 | undefined): readonly Asn1[] {
  return Array.isArray(node?.value) ? node.value : [];
}

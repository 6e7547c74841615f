import forge from 'node-forge';

/**
 * A second reader and writer of compact JWE, with node-forge alone: RSA-OAEP-256 (or `dir`) and A256GCM.
 *
 * @see RFC 7516 section 3.1, RFC 7518 sections 4.3 and 5.3
 */
export function openWithForge(jwe: string, key: string | Buffer): string {
  const [header = '', encryptedKey = '', iv = '', ciphertext = '', tag = ''] = jwe.split('.');
  const contentKey =
    typeof key === 'string'
      ? forge.pki.privateKeyFromPem(key).decrypt(toBinary(encryptedKey), 'RSA-OAEP', oaep('sha256'))
      : key.toString('binary');
  const decipher = forge.cipher.createDecipher('AES-GCM', contentKey);
  decipher.start({ iv: toBinary(iv), additionalData: header, tag: forge.util.createBuffer(toBinary(tag)) });
  decipher.update(forge.util.createBuffer(toBinary(ciphertext)));
  if (!decipher.finish()) throw new Error('the tag does not fit');
  return forge.util.decodeUtf8(decipher.output.getBytes());
}

/** Seals any text to a certificate, under any header that asks for RSA-OAEP-256, or RSA-OAEP with SHA-1. */
export function sealWithForge(
  header: Readonly<Record<string, string>>,
  plaintext: string,
  certificate: string,
): string {
  const contentKey = forge.random.getBytesSync(32);
  const iv = forge.random.getBytesSync(12);
  const protectedHeader = fromBinary(forge.util.encodeUtf8(JSON.stringify(header)));
  const publicKey = forge.pki.certificateFromPem(certificate).publicKey as forge.pki.rsa.PublicKey; // all here have one
  const encryptedKey = publicKey.encrypt(contentKey, 'RSA-OAEP', oaep(header.alg === 'RSA-OAEP' ? 'sha1' : 'sha256'));
  const cipher = forge.cipher.createCipher('AES-GCM', contentKey);
  cipher.start({ iv, additionalData: protectedHeader });
  cipher.update(forge.util.createBuffer(forge.util.encodeUtf8(plaintext)));
  cipher.finish();
  const parts = [encryptedKey, iv, cipher.output.getBytes(), cipher.mode.tag.getBytes()];
  return [protectedHeader, ...parts.map(fromBinary)].join('.');
}

function oaep(hash: 'sha1' | 'sha256') {
  return { md: forge.md[hash].create(), mgf1: { md: forge.md[hash].create() } };
}

function toBinary(text: string): string {
  return forge.util.decode64(
    text
      .replaceAll('-', '+')
      .replaceAll('_', '/')
      .padEnd(Math.ceil(text.length / 4) * 4, '='),
  );
}

function fromBinary(bytes: string): string {
  return forge.util.encode64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

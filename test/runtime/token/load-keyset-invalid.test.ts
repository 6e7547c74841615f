import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadKeySet } from '../../../runtime/token/index.ts';
import { makeCertificate } from '../../support/certificate.ts';
import { NOW } from '../../support/keys.ts';
import { refusalOf } from '../../support/refusal.ts';

const SECRET = Buffer.from('0123456789abcdef0123456789abcdeÿ', 'latin1');
const OWN = { WEBTASK_SIGNING_KEY: SECRET.toString('base64url'), WEBTASK_SIGNING_KEY_ID: 'own' };
const CERTIFICATE = makeCertificate();
const EC = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const SHORT_RSA = generateKeyPairSync('rsa', { modulusLength: 1024 });
const P384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const ED25519 = generateKeyPairSync('ed25519');

const pem = (key: KeyObject) =>
  key.export({ type: key.type === 'public' ? 'spki' : 'pkcs8', format: 'pem' }).toString();
const jwk = (key: KeyObject, members: object = {}) => ({
  ...key.export({ format: 'jwk' }),
  ...members,
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'webtask-kit-keys-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function expectRefused(env: Record<string, string>, setting: string, reason: string): Promise<void> {
  const dataFolder = join(folder, '.webtask');
  expect(await refusalOf(loadKeySet({ dataFolder, env, now: NOW * 1000 }))).to.deep.equal({
    code: 'KEY_SETTING_INVALID',
    message: `${setting} cannot be used: ${reason}.`,
    fix: undefined,
  });
}

describe('a setting of keys that cannot be used', () => {
  const NO_SECRET = 'it is not PEM, and not 32 bytes or more in base64url (without padding) or hexadecimal';
  const NO_ALGORITHM = 'a key is neither RSA of 2048 bits or more (RS256) nor EC on P-256 (ES256)';
  const encrypted = EC.privateKey
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
    .toString();

  for (const [what, setting, reason] of [
    ['a short secret', 'secret', NO_SECRET],
    ['31 bytes', SECRET.subarray(1).toString('base64url'), NO_SECRET],
    ['31 bytes in hexadecimal', SECRET.subarray(1).toString('hex'), NO_SECRET],
    ['padded', SECRET.toString('base64'), NO_SECRET],
    ['with a line end', `${SECRET.toString('base64url')}\n`, NO_SECRET],
    [
      'the path of a file, which decodes to bytes',
      '/etc/webtask/keys/production/signing-key-of-the-cluster.pem',
      NO_SECRET,
    ],
    ['a path without a dot', '/etc/webtask/keys/production/signing/key/of/the/cluster', NO_SECRET],
    ['a sentence', 'correct horse battery staple correct horse battery staple', NO_SECRET],
    ['a PEM that was cut off', pem(EC.privateKey).slice(0, 100), 'it cannot be parsed'],
    ['a public key', pem(EC.publicKey), 'it cannot be parsed'],
    ['a certificate', CERTIFICATE.pem, 'it cannot be parsed'],
    ['an encrypted key', encrypted, 'it cannot be parsed'],
    ['an RSA key of 1024 bits', pem(SHORT_RSA.privateKey), NO_ALGORITHM],
    ['an EC key on P-384', pem(P384.privateKey), NO_ALGORITHM],
    ['an Ed25519 key', pem(ED25519.privateKey), NO_ALGORITHM],
  ] as const) {
    it(`is a WEBTASK_SIGNING_KEY that is ${what}, and no key file is made in its place`, async () => {
      await expectRefused({ WEBTASK_SIGNING_KEY: setting }, 'WEBTASK_SIGNING_KEY', reason);
      expect(existsSync(join(folder, '.webtask'))).to.equal(false);
    });
  }

  it('is a WEBTASK_SIGNING_KEY_ID that does not come through in a header', async () => {
    for (const id of ['schlüssel', 'a\n', 'a\0', '鍵']) {
      const env = { ...OWN, WEBTASK_SIGNING_KEY_ID: id };
      await expectRefused(env, 'WEBTASK_SIGNING_KEY_ID', 'it is not printable ASCII');
    }
  });

  it('is a WEBTASK_SIGNING_KEY_CONTAINERS with an empty name, or with none', async () => {
    for (const names of ['', ' ', 'shop,', ',shop', 'shop,,books']) {
      const env = { ...OWN, WEBTASK_SIGNING_KEY_CONTAINERS: names };
      await expectRefused(env, 'WEBTASK_SIGNING_KEY_CONTAINERS', 'it holds an empty name');
    }
  });

  it('is one that goes with another, without that: a limit is not passed over, and no key is made instead', async () => {
    for (const [setting, other] of [
      ['WEBTASK_SIGNING_KEY_ID', 'WEBTASK_SIGNING_KEY'],
      ['WEBTASK_SIGNING_KEY_CONTAINERS', 'WEBTASK_SIGNING_KEY'],
      ['WEBTASK_CERTIFICATE_KEY', 'WEBTASK_CERTIFICATE'],
    ] as const) {
      for (const env of [{ [setting]: 'x' }, { [setting]: 'x', [other]: '' }]) {
        await expectRefused(env, setting, `it goes with ${other}, which is not set`);
      }
    }
    expect(existsSync(join(folder, '.webtask'))).to.equal(false);
  });

  it('is a WEBTASK_CERTIFICATE that is no certificate, or a path where nothing is', async () => {
    const path = join(folder, 'certificate.pem');
    await expectRefused({ ...OWN, WEBTASK_CERTIFICATE: path }, 'WEBTASK_CERTIFICATE', `${path} cannot be read`);
    writeFileSync(path, 'certificate');
    for (const setting of [path, CERTIFICATE.keyPem, CERTIFICATE.pem.slice(0, 100)]) {
      const dataFolder = join(folder, '.webtask');
      const loading = loadKeySet({ dataFolder, env: { ...OWN, WEBTASK_CERTIFICATE: setting } });
      expect(await refusalOf(loading)).to.deep.equal({
        code: 'CERTIFICATE_UNUSABLE',
        message: 'Secrets cannot be sealed to the certificate: it is no X.509 certificate.',
        fix: undefined,
      });
    }
  });

  it('is a WEBTASK_CERTIFICATE_KEY that is no key, of another certificate, or a path where nothing is', async () => {
    const path = join(folder, 'key.pem');
    const expectKeyRefused = (key: string, reason: string) =>
      expectRefused(
        { ...OWN, WEBTASK_CERTIFICATE: CERTIFICATE.pem, WEBTASK_CERTIFICATE_KEY: key },
        'WEBTASK_CERTIFICATE_KEY',
        reason,
      );
    await expectKeyRefused(path, `${path} cannot be read`);
    writeFileSync(path, 'key');
    await expectKeyRefused(path, 'it cannot be parsed');
    await expectKeyRefused(CERTIFICATE.pem, 'it cannot be parsed');
    for (const key of [SHORT_RSA.privateKey, EC.privateKey, makeCertificate().privateKey]) {
      await expectKeyRefused(pem(key), 'it is not the key of WEBTASK_CERTIFICATE');
    }
  });

  it('is a WEBTASK_ENCRYPTION_KEY of other than 32 bytes', async () => {
    for (const [bytes, reason] of [
      [16, NO_SECRET],
      [31, NO_SECRET],
      [33, 'it does not have 32 bytes'],
      [64, 'it does not have 32 bytes'],
    ] as const) {
      for (const form of ['base64url', 'hex'] as const) {
        const env = { ...OWN, WEBTASK_ENCRYPTION_KEY: Buffer.alloc(bytes, 0xfb).toString(form) };
        await expectRefused(env, 'WEBTASK_ENCRYPTION_KEY', reason);
      }
    }
  });
});

describe('a file of WEBTASK_TRUSTED_KEYS that cannot be used', () => {
  const expectFileRefused = async (content: unknown, reason: string) => {
    const path = join(folder, 'trusted.json');
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    await expectRefused({ ...OWN, WEBTASK_TRUSTED_KEYS: path }, 'WEBTASK_TRUSTED_KEYS', reason.replace('FILE', path));
  };

  it('is one that is not there, or is no JWK set', async () => {
    const path = join(folder, 'nowhere.json');
    await expectRefused({ ...OWN, WEBTASK_TRUSTED_KEYS: path }, 'WEBTASK_TRUSTED_KEYS', `${path} cannot be read`);
    await expectFileRefused('', 'it cannot be parsed');
    await expectFileRefused(pem(EC.publicKey), 'it cannot be parsed');
    for (const content of [null, [], {}, jwk(EC.publicKey), { keys: {} }]) {
      await expectFileRefused(content, 'FILE is no JWK set');
    }
  });

  it('is one with something other than a public key: a shared secret is not for others', async () => {
    for (const key of [
      null,
      {},
      'key',
      { kty: 'oct', k: SECRET.toString('base64url') },
      { kty: 'EC', crv: 'P-256', x: 'a', y: 'b' },
    ]) {
      await expectFileRefused({ keys: [jwk(EC.publicKey), key] }, 'it cannot be parsed');
    }
  });

  it('is one with a key for no algorithm of tokens', async () => {
    for (const { publicKey } of [SHORT_RSA, P384, ED25519]) {
      await expectFileRefused(
        { keys: [jwk(publicKey)] },
        'a key is neither RSA of 2048 bits or more (RS256) nor EC on P-256 (ES256)',
      );
    }
  });

  it('is one whose containers are no list: of a text, every part would pass for a name', async () => {
    for (const containers of ['shop', {}, null, 1]) {
      await expectFileRefused(
        { keys: [jwk(EC.publicKey, { kid: 'ci', containers })] },
        'the containers of ci are no list',
      );
    }
  });

  it('is one with two keys of one kid, or with the kid of the own key', async () => {
    const twice = { keys: [jwk(EC.publicKey, { kid: 'ci', containers: ['shop'] }), jwk(EC.publicKey, { kid: 'ci' })] };
    await expectFileRefused(twice, 'there are two keys of the kid ci');
    await expectFileRefused({ keys: [jwk(EC.publicKey, { kid: 'own' })] }, 'there are two keys of the kid own');
  });
});

import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { calculateJwkThumbprint } from 'jose';
import { loadKeySet, openSeal, sealSecrets, signToken, verifyToken } from '../../../runtime/token/index.ts';
import { makeCertificate } from '../../support/certificate.ts';
import { NOW } from '../../support/keys.ts';
import { refusalIn } from '../../support/refusal.ts';

const SECRET = Buffer.from('0123456789abcdef0123456789abcdeÿ', 'latin1');
const BASE64URL = SECRET.toString('base64url');
const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const EC = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const CERTIFICATE = makeCertificate();

const pemOf = (key: KeyObject, type: 'pkcs8' | 'pkcs1' | 'sec1' = 'pkcs8') =>
  key.export({ type, format: 'pem' }).toString();
const thumbprintOf = (key: KeyObject) => calculateJwkThumbprint(createPublicKey(key).export({ format: 'jwk' }));
const oneLine = (pem: string) => pem.trim().replaceAll('\n', '\\n');

let parent: string;
let dataFolder: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'webtask-kit-keys-'));
  dataFolder = join(parent, '.webtask');
});
afterEach(() => rmSync(parent, { recursive: true }));

const load = (env: Record<string, string>) => loadKeySet({ dataFolder, env, now: NOW * 1000 });
function fileWith(text: string): string {
  const path = join(parent, 'file');
  writeFileSync(path, text);
  return path;
}

describe('the keys of a cluster without settings', () => {
  it('are those of the key file, which is made on first use and stays', async () => {
    const [first, second] = [await load({}), await load({})];
    expect(existsSync(join(dataFolder, 'keys'))).to.equal(true);
    expect(verifyToken(signToken({ ten: 'shop' }, first, NOW), second, NOW)).to.include({ ten: 'shop', iat: NOW });
    const ectx = await sealSecrets({ KEY: 'x' }, {}, first, 'certificate', NOW * 1000);
    expect(await openSeal(ectx, {}, second)).to.deep.equal({ KEY: 'x' });
    expect(first.current).not.to.have.property('containers');
  });

  it('are the same where settings are there and empty, as in a copy of .env.example', async () => {
    const empty = ['KEY', 'KEY_ID', 'KEY_CONTAINERS'].map((name) => [`WEBTASK_SIGNING_${name}`, '']);
    const others = ['CERTIFICATE', 'CERTIFICATE_KEY', 'ENCRYPTION_KEY', 'TRUSTED_KEYS'].map((it) => [
      `WEBTASK_${it}`,
      '',
    ]);
    const keys = await load(Object.fromEntries([...empty, ...others]) as Record<string, string>);
    expect(keys.current?.kid).to.equal((await load({})).current?.kid);
    expect(keys.certificate?.fingerprint).to.equal((await load({})).certificate?.fingerprint);
  });

  it('are still those of the file where only others are set', async () => {
    const keys = await load({ WEBTASK_CERTIFICATE: CERTIFICATE.pem, WEBTASK_ENCRYPTION_KEY: BASE64URL });
    const file = await load({});
    expect(keys.current?.kid).to.equal(file.current?.kid);
    expect(keys.certificate).to.deep.equal({ fingerprint: CERTIFICATE.fingerprint, pem: CERTIFICATE.pem });
    expect(keys.symmetric?.kid).not.to.equal(file.symmetric?.kid);
  });
});

describe('WEBTASK_SIGNING_KEY', () => {
  it('is all that a machine has where nothing else is set: no file is read or made', async () => {
    const { signing, current, certificate, symmetric } = await load({ WEBTASK_SIGNING_KEY: BASE64URL });
    expect([...signing.values()]).to.deep.equal([current]);
    expect({ certificate, symmetric }).to.deep.equal({ certificate: undefined, symmetric: undefined });
    expect(existsSync(dataFolder)).to.equal(false);
  });

  for (const [form, setting] of [
    ['base64url', BASE64URL],
    ['hexadecimal', SECRET.toString('hex')],
    ['hexadecimal with capitals', SECRET.toString('hex').toUpperCase()],
  ] as const) {
    it(`is a secret in ${form}, for HS256`, async () => {
      const { current } = await load({ WEBTASK_SIGNING_KEY: setting });
      expect(current?.algorithm).to.equal('HS256');
      expect(current?.kid).to.equal(await calculateJwkThumbprint({ kty: 'oct', k: BASE64URL }));
      expect([current?.signWith?.export(), current?.verifyWith.export()]).to.deep.equal([SECRET, SECRET]);
    });
  }

  for (const [form, key, algorithm, setting] of [
    ['an RSA key in PKCS #8', RSA, 'RS256', pemOf(RSA)],
    ['an RSA key in PKCS #1', RSA, 'RS256', pemOf(RSA, 'pkcs1')],
    ['an RSA key on one line', RSA, 'RS256', oneLine(pemOf(RSA))],
    ['an EC key in PKCS #8', EC, 'ES256', pemOf(EC)],
    ['an EC key in SEC 1', EC, 'ES256', pemOf(EC, 'sec1')],
    ['an EC key on one line', EC, 'ES256', oneLine(pemOf(EC))],
    ['an EC key with the line ends of Windows', EC, 'ES256', pemOf(EC).replaceAll('\n', '\r\n')],
  ] as const) {
    it(`is ${form}, for ${algorithm}, named by its thumbprint`, async () => {
      const keys = await load({ WEBTASK_SIGNING_KEY: setting });
      expect(keys.current).to.include({ kid: await thumbprintOf(key), algorithm });
      expect(keys.current?.verifyWith.type).to.equal('public');
      expect(verifyToken(signToken({ ten: 'shop' }, keys, NOW), keys, NOW)).to.include({ ten: 'shop' });
    });
  }

  it('is named by WEBTASK_SIGNING_KEY_ID where that says something', async () => {
    for (const setting of [BASE64URL, pemOf(EC)]) {
      const named = await load({ WEBTASK_SIGNING_KEY: setting, WEBTASK_SIGNING_KEY_ID: 'ci 2027' });
      expect(named.current?.kid).to.equal('ci 2027');
      expect(named.signing.get('ci 2027')).to.equal(named.current);
      const unnamed = await load({ WEBTASK_SIGNING_KEY: setting, WEBTASK_SIGNING_KEY_ID: '' });
      expect(unnamed.current?.kid).to.match(/^[-\w]{43}$/);
    }
  });

  it('signs for the containers of WEBTASK_SIGNING_KEY_CONTAINERS only', async () => {
    for (const setting of [BASE64URL, pemOf(EC)]) {
      const limits = { WEBTASK_SIGNING_KEY_ID: 'ci', WEBTASK_SIGNING_KEY_CONTAINERS: 'shop, books' };
      const keys = await load({ WEBTASK_SIGNING_KEY: setting, ...limits });
      expect(keys.current?.containers).to.deep.equal(['shop', 'books']);
      expect(refusalIn(() => signToken({ ten: 'other' }, keys, NOW)).message).to.equal(
        'The key ci signs tokens of these containers only: shop, books.',
      );
    }
  });
});

describe('WEBTASK_CERTIFICATE', () => {
  const { pem, fingerprint, keyPem, privateKey } = CERTIFICATE;
  const own = { WEBTASK_SIGNING_KEY: BASE64URL };

  it('is the text of a certificate, on many lines or one, or the path of a file', async () => {
    for (const setting of [pem, oneLine(pem), fileWith(pem)]) {
      const { certificate } = await load({ ...own, WEBTASK_CERTIFICATE: setting });
      expect(certificate?.fingerprint).to.equal(fingerprint);
      expect(certificate).not.to.have.property('privateKey');
      const ectx = await sealSecrets(
        { KEY: 'x' },
        {},
        await load({ ...own, WEBTASK_CERTIFICATE: setting }),
        'certificate',
        NOW * 1000,
      );
      expect(ectx.split('.')).to.have.length(5);
    }
  });

  it('opens with WEBTASK_CERTIFICATE_KEY, likewise a text or a path', async () => {
    for (const setting of [keyPem, oneLine(keyPem), pemOf(privateKey), fileWith(keyPem)]) {
      const keys = await load({ ...own, WEBTASK_CERTIFICATE: pem, WEBTASK_CERTIFICATE_KEY: setting });
      const ectx = await sealSecrets({ KEY: 'x' }, { ten: 'shop' }, keys, 'certificate', NOW * 1000);
      expect(await openSeal(ectx, { ten: 'shop' }, keys)).to.deep.equal({ KEY: 'x' });
    }
  });
});

describe('WEBTASK_ENCRYPTION_KEY', () => {
  it('is the symmetric key, in base64url or hexadecimal, named by its thumbprint', async () => {
    for (const setting of [BASE64URL, SECRET.toString('hex')]) {
      const { symmetric } = await load({ WEBTASK_SIGNING_KEY: '00'.repeat(32), WEBTASK_ENCRYPTION_KEY: setting });
      expect(symmetric?.kid).to.equal(await calculateJwkThumbprint({ kty: 'oct', k: BASE64URL }));
      expect(symmetric?.key.export()).to.deep.equal(SECRET);
    }
  });
});

describe('WEBTASK_TRUSTED_KEYS', () => {
  const publicJwk = (key: KeyObject) => createPublicKey(key).export({ format: 'jwk' });

  it('is a JWK set of further keys that verify, each for its algorithm and containers, and do not sign', async () => {
    const path = fileWith(
      JSON.stringify({
        keys: [
          { ...publicJwk(EC), kid: 'ci', containers: ['shop'] },
          // Of a private key only the public part is taken.
          { ...RSA.export({ format: 'jwk' }) },
        ],
      }),
    );
    const keys = await load({
      WEBTASK_SIGNING_KEY: BASE64URL,
      WEBTASK_SIGNING_KEY_ID: 'own',
      WEBTASK_TRUSTED_KEYS: path,
    });
    const seen = [...keys.signing.values()].map(({ kid, algorithm, containers, signWith, verifyWith }) => [
      kid,
      algorithm,
      containers,
      signWith?.type,
      verifyWith.type,
    ]);
    expect(seen).to.deep.equal([
      ['own', 'HS256', undefined, 'secret', 'secret'],
      ['ci', 'ES256', ['shop'], undefined, 'public'],
      [await thumbprintOf(RSA), 'RS256', undefined, undefined, 'public'],
    ]);
    expect(keys.current?.kid).to.equal('own');
  });

  it('lets a build machine mint for its containers, with no key of the cluster', async () => {
    const trusted = fileWith(JSON.stringify({ keys: [{ ...publicJwk(EC), kid: 'ci', containers: ['shop'] }] }));
    const cluster = await load({ WEBTASK_TRUSTED_KEYS: trusted });
    const builder = await load({ WEBTASK_SIGNING_KEY: pemOf(EC), WEBTASK_SIGNING_KEY_ID: 'ci' });
    expect(verifyToken(signToken({ ten: 'shop' }, builder, NOW), cluster, NOW)).to.include({ ten: 'shop' });
    for (const claims of [{ ten: 'books' }, {}]) {
      expect(refusalIn(() => verifyToken(signToken(claims, builder, NOW), cluster, NOW))).to.deep.equal({
        code: 'TOKEN_KEY_CONTAINER',
        message: 'The key ci signs tokens of these containers only: shop.',
        fix: undefined,
      });
    }
    expect(verifyToken(signToken({ ten: 'books' }, cluster, NOW), cluster, NOW)).to.include({ ten: 'books' });
  });
});

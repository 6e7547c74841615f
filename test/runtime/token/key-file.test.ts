import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { calculateJwkThumbprint, importJWK } from 'jose';
import { WebtaskError } from '../../../runtime/errors.ts';
import { openSeal, sealSecrets, signToken, verifyToken } from '../../../runtime/token/index.ts';
import { readKeyFile, type StoredKey } from '../../../runtime/token/key-file.ts';
import { NOW } from '../../support/keys.ts';
import { FROM_SOURCE } from '../../support/program.ts';
import { refusalOf } from '../../support/refusal.ts';

const LOAD_KEYS = fileURLToPath(new URL('fixtures/load-keys.ts', import.meta.url));
const NOW_MS = NOW * 1000;
const hasModes = process.platform !== 'win32';

/** The folder of a test, which does not exist yet, and its key file. */
let folder: string;
let file: string;
let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'webtask-kit-keys-'));
  folder = join(parent, 'data', '.webtask');
  file = join(folder, 'keys');
});
afterEach(() => rmSync(parent, { recursive: true }));

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);
const storedKeys = () => (JSON.parse(readFileSync(file, 'utf8')) as { keys: StoredKey[] }).keys;

/** Loads the keys in processes of their own, which all start at the same moment. */
async function loadInProcesses(count: number, ...also: string[]) {
  const children = Array.from({ length: count }, () => {
    const child = spawn(process.execPath, [...FROM_SOURCE, LOAD_KEYS, folder, ...also], { stdio: 'pipe' });
    let text = '';
    const ready = new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk) => {
        text += chunk;
        if (text.includes('ready\n')) resolve();
      });
      child.once('close', () => resolve());
    });
    child.stderr.on('data', (chunk) => {
      text += chunk;
    });
    const ended = new Promise<string>((resolve, reject) => {
      child.once('close', (status) => (status === 0 ? resolve(text) : reject(new Error(text))));
    });
    return { child, ready, ended };
  });
  await Promise.all(children.map(({ ready }) => ready));
  for (const { child } of children) child.stdin.end('go\n');
  const texts = await Promise.all(children.map(({ ended }) => ended));
  return texts.map((text) => ({
    keys: /^keys (.*)$/m.exec(text)?.[1],
    packages: [
      ...new Set(Array.from(text.matchAll(/^loaded .*[\\/]node_modules[\\/]([^\\/\n]+)/gm), ([, it]) => it)),
    ].sort(),
  }));
}

describe('a key file that is made', () => {
  it('has mode 0600 in a folder of mode 0700, also where the folder was open before', async function () {
    if (!hasModes) this.skip();
    await readKeyFile(folder, NOW_MS);
    expect([modeOf(file), modeOf(folder)]).to.deep.equal(['600', '700']);
    const open = join(parent, 'open');
    mkdirSync(open);
    chmodSync(open, 0o755);
    await readKeyFile(open, NOW_MS);
    expect([modeOf(join(open, 'keys')), modeOf(open)]).to.deep.equal(['600', '700']);
  });

  it('is a JWK set of a signing key, a symmetric key and an RSA key with its certificate', async () => {
    await readKeyFile(folder, NOW_MS);
    const [signing = {}, symmetric = {}, certified = {}, ...others] = storedKeys();
    expect(others).to.deep.equal([]);
    for (const [key, use, alg] of [
      [signing, 'sig', 'HS256'],
      [symmetric, 'enc', 'dir'],
    ] as const) {
      expect(key).to.have.all.keys('kty', 'use', 'alg', 'kid', 'iat', 'k').and.to.include({ kty: 'oct', use, alg });
      expect(key.kid).to.match(/^[0-9a-f]{16}$/);
      expect(Buffer.from(key.k ?? '', 'base64url')).to.have.length(32);
    }
    expect(signing.k).not.to.equal(symmetric.k);
    expect(certified).to.include({ kty: 'RSA', use: 'enc', alg: 'RSA-OAEP-256', e: 'AQAB' });
    const certificate = new X509Certificate(Buffer.from(certified.x5c?.[0] ?? '', 'base64'));
    expect(certified.kid).to.equal(certificate.fingerprint256.replaceAll(':', '').toLowerCase());
    expect(new Date(certificate.validFrom).getTime()).to.equal(NOW_MS);
    const ofCertificate = await calculateJwkThumbprint(certificate.publicKey.export({ format: 'jwk' }));
    expect(await calculateJwkThumbprint({ ...certified, kty: 'RSA', x5c: [] })).to.equal(ofCertificate);
    expect(await importJWK({ ...certified, kty: 'RSA', x5c: [] })).to.have.property('type', 'private');
  });

  it('signs, seals and opens, at once and when it is read again, and is never written twice', async () => {
    const made = await readKeyFile(folder, NOW_MS);
    const text = readFileSync(file, 'utf8');
    const again = await readKeyFile(folder, NOW_MS + 1e9);
    expect(readFileSync(file, 'utf8')).to.equal(text);
    expect(readdirSync(folder)).to.deep.equal(['keys']);

    const { current, certificate, symmetric } = made;
    expect(current).to.deep.include({ kid: storedKeys()[0]?.kid, algorithm: 'HS256' });
    expect([...made.signing.keys()]).to.deep.equal([current?.kid]);
    expect(again.certificate?.pem).to.equal(certificate?.pem);
    expect(again.symmetric?.kid).to.equal(symmetric?.kid);
    expect(verifyToken(signToken({ ten: 'shop' }, made, NOW), again, NOW)).to.include({ ten: 'shop' });
    for (const how of ['certificate', 'dir'] as const) {
      const ectx = await sealSecrets({ KEY: 'x' }, { ten: 'shop' }, made, how, NOW_MS);
      expect(await openSeal(ectx, { ten: 'shop' }, again)).to.deep.equal({ KEY: 'x' });
    }
  });

  it('is made once by three processes that want it at the same time, and all have the same keys', async function () {
    this.timeout(30_000);
    const found = await loadInProcesses(3);
    const [signing, symmetric, certified] = storedKeys();
    const keys = `${signing?.kid} ${symmetric?.kid} ${certified?.kid}`;
    expect(found.map((it) => it.keys)).to.deep.equal(Array.from({ length: 3 }, () => keys));
    expect(readdirSync(folder)).to.deep.equal(['keys']);
  });
});

describe('a key file that cannot be reached', () => {
  it('is refused with the reason: a folder has its name, or its folder cannot be one', async () => {
    const outOfReach = (path: string, reason: string) => ({
      code: 'KEYS_OUT_OF_REACH',
      message: `The key file ${path} can be neither read nor made: ${reason}.`,
      fix: 'Give this user the right to it, or name another data folder with --data.',
    });
    mkdirSync(file, { recursive: true });
    expect(await refusalOf(readKeyFile(folder, NOW_MS))).to.deep.equal(outOfReach(file, 'EISDIR'));
    if (!hasModes) return; // Windows says ENOENT, and then EEXIST.
    const noFolder = join(parent, 'text');
    writeFileSync(noFolder, '');
    const inIt = join(noFolder, 'keys');
    expect(await refusalOf(readKeyFile(noFolder, NOW_MS))).to.deep.equal(
      outOfReach(inIt, `${noFolder} is a file, as in the home folder, where it holds the profiles of wt-cli`),
    );
  });
});

describe('a key file that is there', () => {
  let whole: string | undefined;
  beforeEach(async () => {
    if (whole === undefined) {
      await readKeyFile(folder, NOW_MS);
      whole = readFileSync(file, 'utf8');
    } else {
      mkdirSync(folder, { recursive: true });
      writeFileSync(file, whole, { mode: 0o600 });
    }
  });

  it('is read, and its tokens checked, without node-forge and jose, which take long to load', async function () {
    this.timeout(30_000);
    expect((await loadInProcesses(1))[0]?.packages).to.deep.equal(['lru-cache']);
    const { packages = [] } = (await loadInProcesses(1, 'sign'))[0] ?? {};
    expect(packages).to.include('jsonwebtoken').and.not.to.include.oneOf(['node-forge', 'jose']);
    // They are seen where they are needed.
    expect((await loadInProcesses(1, 'seal'))[0]?.packages).to.deep.equal(['jose', 'lru-cache', 'node-forge']);
  });

  for (const mode of [0o640, 0o604, 0o610, 0o644, 0o777]) {
    it(`is refused with mode ${mode.toString(8)}: others may have read it or changed it`, async function () {
      if (!hasModes) this.skip();
      chmodSync(file, mode);
      expect(await refusalOf(readKeyFile(folder, NOW_MS))).to.deep.equal({
        code: 'KEYS_READABLE',
        message: `The key file ${file} may be read by other users.`,
        fix: `Run: chmod 600 ${file}`,
      });
      chmodSync(file, 0o600);
      expect((await readKeyFile(folder, NOW_MS)).current).to.include({ algorithm: 'HS256' });
    });
  }

  it('is good where it may only be read', async function () {
    if (!hasModes) this.skip();
    chmodSync(file, 0o400);
    expect((await readKeyFile(folder, NOW_MS)).current).to.include({ algorithm: 'HS256' });
  });

  it('is refused where it is damaged, and never made anew: that would make every token invalid', async () => {
    const good = readFileSync(file, 'utf8');
    const change = (index: number, members: object) => {
      const keys = storedKeys();
      return JSON.stringify({ keys: keys.map((key, at) => (at === index ? { ...key, ...members } : key)) });
    };
    for (const text of [
      '',
      'null',
      '{}',
      '{"keys":{}}',
      '{"keys":[null]}',
      good.slice(0, -20),
      good.replace('"k": "', '"k": '),
      change(0, { k: '' }),
      change(0, { k: undefined }),
      change(0, { k: 'c2hvcnQ' }),
      change(1, { k: '' }),
      change(2, { d: undefined }),
    ]) {
      writeFileSync(file, good);
      const secrets = storedKeys().map(({ k, d }) => (k ?? d ?? '').slice(0, 8));
      writeFileSync(file, text);
      const error = await readKeyFile(folder, NOW_MS).catch((error: unknown) => error);
      expect(error).to.be.instanceOf(WebtaskError);
      expect(error).to.include({
        code: 'KEYS_INVALID',
        message: `The key file ${file} cannot be used: it is damaged.`,
        fix: 'Restore it; or delete it, which makes every token that was signed with it invalid.',
      });
      // A parser's error quotes what it could not read, and that is a key.
      expect(error).not.to.have.property('cause');
      for (const secret of secrets) expect(JSON.stringify(error)).not.to.include(secret);
      expect(readFileSync(file, 'utf8')).to.equal(text);
    }
  });
});

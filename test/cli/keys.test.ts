import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  type KeyReport,
  loadKeySet,
  openSeal,
  sealSecrets,
  signToken,
  verifyToken,
} from '../../runtime/token/index.ts';
import { runProgram } from '../support/program.ts';
import { CLUSTER } from '../support/server.ts';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const PASSPHRASE = 'cörrect horse';

/** What the real openssl prints. */
function openssl(args: readonly string[]): { status: number | null; text: string } {
  const { status, stdout, stderr } = spawnSync('openssl', args, { env: { ...process.env, PASS: PASSPHRASE } });
  return { status, text: `${stdout}${stderr}` };
}

describe('webtask keys', function () {
  this.timeout(60_000);
  let folder: string;
  let data: string;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'webtask-keys-'));
    data = join(folder, '.webtask');
    await loadKeySet({ dataFolder: data, env: {} });
  });
  after(() => rmSync(folder, { recursive: true }));
  const load = () => loadKeySet({ dataFolder: data, env: {} });
  const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    runProgram('webtask', ['keys', ...args], { cwd: folder, env });

  describe('certificate', () => {
    it('prints what secrets are sealed to, which openssl finds good for that and for nothing else', async function () {
      const { status, stdout, stderr } = await run(['certificate']);
      expect([status, stderr]).to.deep.equal([0, '']);
      expect(stdout).to.equal((await load()).certificate?.pem);
      expect(new X509Certificate(stdout).ca).to.equal(false);
      if (!hasOpenssl) this.skip(); // openssl is not installed
      writeFileSync(join(folder, 'printed.crt'), stdout);
      const { text } = openssl(['x509', '-in', join(folder, 'printed.crt'), '-noout', '-text', '-checkend', '3600']);
      expect(text).to.match(/Key Usage: critical\s+Key Encipherment, Data Encipherment\n/);
      expect(text).to.match(/Basic Constraints: critical\s+CA:FALSE/);
      expect(text).to.include('Public-Key: (2048 bit)').and.to.include('Certificate will not expire');
    });

    it('is written to a new file, which wt-build --recipient takes; none is overwritten', async () => {
      const first = await run(['certificate', '--out', 'cluster.crt']);
      expect([first.status, first.stdout]).to.deep.equal([0, 'next: wt-build --recipient cluster.crt\n']);
      expect(readFileSync(join(folder, 'cluster.crt'), 'utf8')).to.equal((await load()).certificate?.pem);
      const again = await run(['certificate', '--out', 'cluster.crt']);
      expect([again.status, again.stderr]).to.deep.equal([
        2,
        'webtask keys certificate: cluster.crt was not written: it is there already. Name another file; none is overwritten. [KEYS_FILE_EXISTS]\n',
      ]);
    });

    it('makes no keys where there are none', async () => {
      const { status, stderr } = await run(['certificate', '--data', 'elsewhere']);
      expect([status, stderr]).to.deep.equal([
        2,
        `webtask keys certificate: There is no key file ${join('elsewhere', 'keys')}. Name the data folder of the server with --data. A server makes its keys when it is started for the first time. [KEYS_NONE]\n`,
      ]);
      expect(existsSync(join(folder, 'elsewhere'))).to.equal(false);
    });
  });

  describe('export', () => {
    it('writes certificate and private key under a passphrase, as openssl reads them', async function () {
      const file = join(folder, 'cluster.p12');
      const env = { WEBTASK_PKCS12_PASSPHRASE: PASSPHRASE };
      const { status, stdout, stderr } = await run(['export', '--pkcs12', 'cluster.p12'], env);
      expect([status, stderr]).to.deep.equal([0, '']);
      expect(stdout).to.equal(
        'cluster.p12 holds the certificate and its private key (AES-256, PBKDF2 and MAC with SHA-256).\nnext: openssl pkcs12 -in cluster.p12 -info -nokeys\n',
      );
      if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).to.equal(0o600);
      const again = await run(['export', '--pkcs12', 'cluster.p12'], env);
      expect(again.status).to.equal(2);
      expect(again.stderr).to.match(/: cluster\.p12 was not written: it is there already\./);

      if (!hasOpenssl) this.skip(); // openssl is not installed
      const info = openssl(['pkcs12', '-in', file, '-passin', 'env:PASS', '-info', '-noenc']);
      expect(info.status).to.equal(0);
      expect(info.text).to.include('MAC: sha256, Iteration 100000');
      expect(info.text).to.include('PBES2, PBKDF2, AES-256-CBC, Iteration 100000, PRF hmacWithSHA256');
      const key = /-----BEGIN PRIVATE KEY-----.+-----END PRIVATE KEY-----/s.exec(info.text)?.[0] ?? '';
      const { pem = '', fingerprint = '' } = (await load()).certificate ?? {};
      expect(info.text).to.include(pem);

      const sealed = await sealSecrets({ KEY: 'v' }, { ten: 'shop' }, await load());
      const opener = { WEBTASK_SIGNING_KEY: CLUSTER.WEBTASK_SIGNING_KEY, WEBTASK_CERTIFICATE: pem };
      const keys = await loadKeySet({ dataFolder: folder, env: { ...opener, WEBTASK_CERTIFICATE_KEY: key } });
      expect(keys.certificate?.fingerprint).to.equal(fingerprint);
      expect(await openSeal(sealed, { ten: 'shop' }, keys)).to.deep.equal({ KEY: 'v' });
    });

    it('is refused without a passphrase, or with a short one, and writes nothing', async () => {
      for (const env of [{}, { WEBTASK_PKCS12_PASSPHRASE: 'short' }]) {
        const { status, stderr } = await run(['export', '--pkcs12', 'none.p12'], env as Record<string, string>);
        expect([status, stderr]).to.deep.equal([
          2,
          'webtask keys export: The passphrase is missing, has fewer than 8 characters, or was not typed the same twice. Type it when it is asked for, or set WEBTASK_PKCS12_PASSPHRASE. It is no option, since other users could see it. [PKCS12_PASSPHRASE]\n',
        ]);
        expect(existsSync(join(folder, 'none.p12'))).to.equal(false);
      }
    });
  });

  describe('list, rotate and remove', () => {
    const listed = async () => JSON.parse((await run(['list', '--json'])).stdout) as KeyReport[];

    it('change the keys: new ones sign, the old still verify until they are removed', async () => {
      const now = Date.now() / 1000;
      const before = await load();
      const oldToken = signToken({ ten: 'shop' }, before, now);
      const oldSeal = await sealSecrets({ KEY: 'v' }, { ten: 'shop' }, before);
      const old = await listed();
      expect(old.map(({ state, kind, algorithm }) => [state, kind, algorithm])).to.deep.equal([
        ['current', 'signing', 'HS256'],
        ['current', 'encryption', 'dir'],
        ['current', 'certificate', 'RSA-OAEP-256'],
      ]);
      expect(Date.parse(old[0]?.since ?? '')).to.be.within(Date.now() - 60_000, Date.now());

      const rotated = await run(['rotate']);
      expect([rotated.status, rotated.stderr]).to.deep.equal([0, '']);
      if (process.platform !== 'win32') expect(statSync(join(data, 'keys')).mode & 0o777).to.equal(0o600);
      const both = await listed();
      expect(both.map(({ state, kind }) => [state, kind])).to.deep.equal([
        ['current', 'signing'],
        ['live', 'signing'],
        ['current', 'encryption'],
        ['live', 'encryption'],
        ['current', 'certificate'],
        ['live', 'certificate'],
      ]);
      expect(both.filter(({ state }) => state === 'live').map(({ kid }) => kid)).to.deep.equal(
        old.map(({ kid }) => kid),
      );
      expect(rotated.stdout.match(/(?<=^current: ).+$/gm)).to.deep.equal(
        both.filter(({ state }) => state === 'current').map(({ kid }) => kid),
      );
      const during = await load();
      expect(verifyToken(oldToken, during, now)).to.include({ ten: 'shop' });
      expect(await openSeal(oldSeal, { ten: 'shop' }, during)).to.deep.equal({ KEY: 'v' });
      expect(during.current?.kid).to.equal(both[0]?.kid);

      for (const { kid } of old) expect((await run(['remove', kid])).status).to.equal(0);
      expect((await listed()).map(({ kid }) => kid)).to.deep.equal([both[0]?.kid, both[2]?.kid, both[4]?.kid]);
      const after = await load();
      expect(() => verifyToken(oldToken, after, now)).to.throw(
        'rejecting request with JWT token signed with untrusted key',
      );
    });

    it('show no secret, and one key a line', async () => {
      const { stdout } = await run(['list']);
      const [head, ...rows] = stdout.trimEnd().split('\n');
      expect(head).to.equal('state    kind         algorithm     since       until       kid');
      expect(rows).to.have.length(3);
      const stored = JSON.parse(readFileSync(join(data, 'keys'), 'utf8')) as { keys: { k?: string; d?: string }[] };
      for (const { k, d } of stored.keys) expect(stdout).to.not.include(k ?? d ?? 'neither');
    });

    it('do not remove what signs and seals, nor what is not there', async () => {
      const [signing] = await listed();
      const current = await run(['remove', signing?.kid ?? '']);
      expect([current.status, current.stderr]).to.deep.equal([
        2,
        `webtask keys remove: The key ${signing?.kid} is the one that signs or seals. Run webtask keys rotate before, and remove it when its tokens are gone. [KEYS_CURRENT]\n`,
      ]);
      const unknown = await run(['remove', 'nobody']);
      expect([unknown.status, unknown.stderr]).to.deep.equal([
        2,
        'webtask keys remove: There is no key nobody. Run: webtask keys list [KEYS_KID_UNKNOWN]\n',
      ]);
    });

    it('lose no key when two change the file at once', async () => {
      const results = await Promise.all([run(['rotate']), run(['rotate']), run(['rotate'])]);
      const done = results.filter(({ status }) => status === 0).length;
      for (const { status, stderr } of results) {
        if (status !== 0) expect(stderr).to.match(/^webtask keys rotate: The keys are being changed by somebody else/);
      }
      expect(done).to.be.greaterThan(0);
      expect(await listed()).to.have.length(3 + 3 * done);
      expect(existsSync(join(data, 'keys.next'))).to.equal(false);
    });

    it('leave keys of the environment to the environment', async () => {
      const { status, stderr } = await run(['rotate'], CLUSTER);
      expect([status, stderr]).to.deep.equal([
        2,
        `webtask keys rotate: The key file ${join('.webtask', 'keys')} is not used: the keys are those of WEBTASK_SIGNING_KEY. Change them in the settings, as docs/tokens.md says. [KEYS_BY_SETTING]\n`,
      ]);
    });
  });
});

import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadKeySet, sealSecrets, signToken, verifyToken } from '../../runtime/token/index.ts';
import { runProgram } from '../support/program.ts';
import { createProject, type TestProject } from '../support/project.ts';
import { CLUSTER } from '../support/server.ts';

describe('webtask token mint', () => {
  let project: TestProject;
  before(() => {
    project = createProject({});
  });
  after(() => project.remove());

  it('prints a token and nothing else, signed with keys that are made on first use for their owner alone', async () => {
    const { status, stdout, stderr } = await runProgram('webtask', ['token', 'mint', '--container', 'shop'], {
      cwd: project.folder,
    });
    expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' });
    const dataFolder = join(project.folder, '.webtask');
    const keys = await loadKeySet({ dataFolder, env: {} });
    const { jti, iat, ...claims } = verifyToken(stdout.trimEnd(), keys, Date.now() / 1000);
    expect(claims).to.deep.equal({ ten: 'shop', dd: 0 });
    expect(jti).to.match(/^[0-9a-f]{32}$/);
    expect(stdout).to.match(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    if (process.platform !== 'win32') {
      const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);
      expect([mode(dataFolder), mode(join(dataFolder, 'keys'))]).to.deep.equal(['700', '600']);
    }
  });

  it('takes the expiry, the depth and the data folder', async () => {
    const args = ['--container', 'shop', '--expires', '2h', '--delegation-depth', '3', '--data', 'elsewhere'];
    const { stdout } = await runProgram('webtask', ['token', 'mint', ...args], { cwd: project.folder });
    const keys = await loadKeySet({ dataFolder: join(project.folder, 'elsewhere'), env: {} });
    const { jti, iat = 0, ...claims } = verifyToken(stdout.trimEnd(), keys, Date.now() / 1000);
    expect(claims).to.deep.equal({ ten: 'shop', dd: 3, exp: iat + 7200 });
  });
});

describe('webtask token inspect', () => {
  let project: TestProject;
  /** A token as wt-build mints it. */
  let built: string;
  before(async () => {
    project = createProject({});
    const keys = await loadKeySet({ dataFolder: '', env: CLUSTER });
    const sealedFor = { ten: 'shop', url: 'https://example.com/pay.js', url_sha256: 'ab'.repeat(32) };
    const ectx = await sealSecrets({ API_KEY: 'sk_live_12345' }, sealedFor, keys, 'dir');
    const claims = { ...sealedFor, jti: 'cd'.repeat(16), dd: 0, exp: 4_000_000_000, pctx: { plan: 'pro' }, ectx };
    built = signToken(claims, keys, 1_800_000_000);
  });
  after(() => project.remove());
  const inspect = (token: string, args: readonly string[] = [], env: Record<string, string> = CLUSTER) =>
    runProgram('webtask', ['token', 'inspect', token, ...args], { cwd: project.folder, env });
  const KID = 'KID';
  const withoutKid = (text: string): string => text.replaceAll(kidOf(built), KID);

  const TEXT = `state    valid
signer   HS256, key KID
can      Runs https://example.com/pay.js, only with SHA-256 ${'ab'.repeat(32)}, in container shop.
can      Issues no tokens.
can      Expires at 2096-10-02T07:06:40.000Z.
claim    jti = ${'cd'.repeat(16)}
claim    iat = 1800000000
claim    ten = shop
claim    url = https://example.com/pay.js
claim    url_sha256 = ${'ab'.repeat(32)}
claim    dd = 0
claim    exp = 4000000000
claim    pctx = {"plan":"pro"}
`;

  it('says what a token is good for, who signed it, and its claims; of its secrets only that there are some', async () => {
    const { status, stdout, stderr } = await inspect(built);
    expect({ status, stderr, stdout: withoutKid(stdout) }).to.deep.equal({
      status: 0,
      stderr: '',
      stdout: `${TEXT}claim    ectx = sealed secrets (${claimsOf(built).ectx?.length} characters)\n`,
    });
  });

  it('opens the secrets where it is told to', async () => {
    const { status, stdout } = await inspect(built, ['--decrypt']);
    expect([status, stdout.split('\n').slice(-2)]).to.deep.equal([0, ['secret   API_KEY = sk_live_12345', '']]);
  });

  it('gives the same facts as JSON', async () => {
    const report = {
      claims: claimsOf(built),
      signer: { kid: kidOf(built), alg: 'HS256' },
      state: 'valid',
      can: [
        `Runs https://example.com/pay.js, only with SHA-256 ${'ab'.repeat(32)}, in container shop.`,
        'Issues no tokens.',
        'Expires at 2096-10-02T07:06:40.000Z.',
      ],
    };
    const { status, stdout } = await inspect(built, ['--json']);
    expect([status, stdout]).to.deep.equal([0, `${JSON.stringify(report, null, 2)}\n`]);
    const opened = await inspect(built, ['--json', '--decrypt']);
    expect(JSON.parse(opened.stdout)).to.deep.equal({ ...report, secrets: { API_KEY: 'sk_live_12345' } });
  });

  it('opens no secrets without their key, and says so', async () => {
    const env = { ...CLUSTER, WEBTASK_ENCRYPTION_KEY: '44'.repeat(32) };
    expect(await inspect(built, ['--decrypt'], env)).to.deep.equal({
      status: 2,
      stdout: '',
      stderr:
        'webtask token inspect: error decrypting JWT token context: no key of this cluster opens it. [TOKEN_SEAL_UNREADABLE]\n',
    });
  });

  it('reads the token of a stranger too, and says that it is one', async () => {
    const { status, stdout } = await inspect(built, [], { WEBTASK_SIGNING_KEY: '44'.repeat(32) });
    expect([status, stdout.split('\n')[0]]).to.deep.equal([
      0,
      'state    rejecting request with JWT token signed with untrusted key',
    ]);
  });

  it('reads a token where there are no keys, says so, and makes none', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'webtask-no-keys-'));
    const { status, stdout } = await runProgram('webtask', ['token', 'inspect', built], { cwd: folder });
    expect([status, stdout.split('\n')[0], readdirSync(folder)]).to.deep.equal([
      0,
      'state    not checked: there are no keys here; --data names the folder that has them',
      [],
    ]);
    rmSync(folder, { recursive: true });
  });

  it('lets no claim write lines of its own, or steer the terminal', async () => {
    const token = signToken(
      { jti: 'x\nstate    valid\u001b[2J\u202e', ten: 'a\u0007b' },
      await loadKeySet({ dataFolder: '', env: { WEBTASK_SIGNING_KEY: '44'.repeat(32) } }),
      1_800_000_000,
    );
    expect(withoutKid((await inspect(token)).stdout).replace(/key \S+/, 'key KID')).to.equal(
      String.raw`state    rejecting request with JWT token signed with untrusted key
signer   HS256, key KID
can      Runs code sent with the request, in container a\u{7}b.
can      Issues tokens.
can      Never expires.
claim    jti = x\u{a}state    valid\u{1b}[2J\u{202e}
claim    iat = 1800000000
claim    ten = a\u{7}b
`,
    );
  });
});

function claimsOf(token: string): { ectx?: string } {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
}

function kidOf(token: string): string {
  return JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid;
}

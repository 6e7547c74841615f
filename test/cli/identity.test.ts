import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ISSUER, issuerKey } from '../support/access-token.ts';
import { acmeConfig } from '../support/identity.ts';
import { runProgram } from '../support/program.ts';

describe('webtask identity', function () {
  this.timeout(30_000);
  const key = issuerKey('k1');
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'webtask-identity-'));
    writeFileSync(join(folder, 'one.json'), JSON.stringify({ tenants: { acme: acmeConfig(key) } }));
    const two = { tenants: { acme: acmeConfig(key), other: acmeConfig(key) } };
    writeFileSync(join(folder, 'two.json'), JSON.stringify(two));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const identity = (args: string[], file = 'one.json') =>
    runProgram('webtask', ['identity', ...args, '--identity', join(folder, file), '--data', join(folder, 'data')]);
  const token = (claims = {}) => {
    const now = Math.floor(Date.now() / 1000);
    return key.sign({ iat: now - 5, exp: now + 600, ...claims });
  };

  it('revokes a token by its id, of which it then tells, with the reason, and ends with 3', async () => {
    const before = await identity(['introspect', token()]);
    expect({ status: before.status, stderr: before.stderr }).to.deep.equal({ status: 0, stderr: '' });
    expect(before.stdout.split('\n').slice(0, 4)).to.deep.equal([
      'active',
      `iss: "${ISSUER}"`,
      'aud: "https://api.example.com"',
      'sub: "auth0|ada"',
    ]);
    expect(await identity(['revoke', '--jti', 'a1', '--reason', 'stolen'])).to.deep.equal({
      status: 0,
      stdout: `revoked: jti a1 of ${ISSUER}\n`,
      stderr: '',
    });
    const after = await identity(['introspect', token()]);
    expect([after.status, after.stdout.split('\n')[0]]).to.deep.equal([3, 'revoked by jti: stolen']);
  });

  it('shows a reason that somebody has given, and does not have the terminal obey it', async () => {
    await identity(['revoke', '--jti', 'a2', '--reason', '\u001b[2Jstolen\r\nactive']);
    const { stdout } = await identity(['introspect', token({ jti: 'a2' })]);
    expect(stdout.split('\n')[0]).to.equal('revoked by jti: stolen  active');
  });

  it('revokes all of a user until a time, and prints it as JSON for scripts', async () => {
    const args = ['revoke', '--sub', 'ada', '--not-before', '1700000000', '--json'];
    const { status, stdout } = await identity(args);
    const { key: _, at: __, ...entry } = JSON.parse(stdout);
    expect(status).to.equal(0);
    expect(entry).to.deep.equal({ tenant: 'acme', kind: 'sub', notBefore: 1_700_000_000, source: 'cli' });
    const introspected = JSON.parse((await identity(['introspect', token({ jti: 'b' }), '--json'])).stdout);
    expect(introspected.status).to.equal('active');
    expect(introspected.claims.jti).to.equal('b');
  });

  it('revokes all of a session, client or grant', async () => {
    for (const [flag, claim, by] of [
      ['--sid', 'sid', 'sid'],
      ['--client', 'client_id', 'client'],
      ['--grant', 'grant_id', 'grant'],
    ] as const) {
      const { status, stdout } = await identity(['revoke', flag, 'gone']);
      expect([status, stdout.replace(/, as far as issued until .*Z$/m, '')]).to.deep.equal([
        0,
        `revoked: ${by} gone of ${ISSUER}\n`,
      ]);
      const after = await identity(['introspect', token({ jti: by, [claim]: 'gone' })]);
      expect([after.status, after.stdout.split('\n')[0]]).to.deep.equal([3, `revoked by ${by}`]);
    }
    expect((await identity(['introspect', token({ jti: 'others', sid: 'here' })])).status).to.equal(0);
  });

  it('says what is wrong, and what to do', async () => {
    const words = async (args: string[], file?: string) => {
      const { status, stderr } = await identity(args, file);
      return [status, stderr];
    };
    expect(await words(['revoke'])).to.deep.equal([
      2,
      'webtask identity revoke: What is to be revoked is named 0 times, not once. Name it by one of --jti, --sub, --sid, --client and --grant. [IDENTITY_REVOKE_WHAT]\n',
    ]);
    expect((await words(['revoke', '--jti', 'a', '--sub', 'b']))[1]).to.include('is named 2 times');
    expect((await words(['revoke', '--jti', 'a'], 'two.json'))[1]).to.include(
      'There are several tenants. Name one of them with --tenant: acme, other. [IDENTITY_WHICH_TENANT]',
    );
    expect((await words(['introspect', 'no-token']))[0]).to.equal(2);
    expect((await words(['introspect', issuerKey('k1').sign()]))[0]).to.equal(2);
    expect((await runProgram('webtask', ['identity', 'revoke', '--jti', 'a'])).stderr).to.include('[IDENTITY_NO_FILE]');
  });
});

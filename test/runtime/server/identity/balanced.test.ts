import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { type FollowedRevocations, followRevocations } from '../../../../runtime/identity/index.ts';
import { issuerKey } from '../../../support/access-token.ts';
import { type Balancer, startBalancer } from '../../../support/balancer.ts';
import { acmeConfig, basic } from '../../../support/identity.ts';
import { type RunningProgram, startRunning } from '../../../support/running.ts';
import { ask } from '../../../support/server.ts';

const STALENESS_MS = 5_000;

/** A server that runs as a process of its own. */
interface Serving {
  readonly program: RunningProgram;
  readonly url: string;
}

describe('a follower of two servers over one store, which answer by turns', () => {
  const key = issuerKey('k1');
  let folder: string;
  let balancer: Balancer;
  let followed: FollowedRevocations;
  const started: Serving[] = [];

  async function start(): Promise<Serving> {
    const flags = ['--port', '0', '--isolation', 'inline', '--data', join(folder, 'data')];
    const program = startRunning('webtask', ['serve', ...flags, '--identity', join(folder, 'identity.json')]);
    const [, url = ''] = await program.until(/^listening on (http:\/\/\S+)/m);
    const serving = { program, url };
    started.push(serving);
    return serving;
  }

  const verified = (jti: string) => {
    const [, payload = ''] = key.sign(claimsOf(jti)).split('.');
    return { claims: JSON.parse(Buffer.from(payload, 'base64url').toString()), digest: () => '' };
  };
  function claimsOf(jti: string): object {
    const now = Math.floor(Date.now() / 1000);
    return { jti, iat: now - 5, exp: now + 600 };
  }

  async function revoke({ url }: Serving, jti: string): Promise<void> {
    const { status } = await ask(`${url}/api/identity/acme/revoke`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Authorization: basic('api') },
      body: `token=${key.sign({ ...claimsOf(jti), client_id: 'api' })}`,
    });
    expect(status, 'that it is acknowledged').to.equal(200);
  }

  /** What the follower says of a token, until it says that it is revoked: never active for longer than is allowed. */
  async function refusalOf(jti: string): Promise<string[]> {
    const from = performance.now();
    const said = new Set<string>();
    for (;;) {
      const { status } = followed.check(verified(jti));
      if (status === 'active' && performance.now() - from > STALENESS_MS) said.add('active for too long');
      if (status === 'revoked') return [...said];
      await delay(10);
    }
  }

  before(async function () {
    this.timeout(60_000);
    folder = mkdtempSync(join(tmpdir(), 'webtask-balanced-'));
    writeFileSync(
      join(folder, 'identity.json'),
      JSON.stringify({ tenants: { acme: acmeConfig(key, { signingKey: undefined, statusLists: 0 }) } }),
    );
    await start();
    await start();
    balancer = await startBalancer(started.map(({ url }) => url));
    followed = followRevocations({
      url: `${balancer.origin}/api/identity/acme/feed`,
      tenant: 'acme',
      authorization: () => basic('api'),
    });
    await followed.ready();
  });

  after(async () => {
    await followed?.close();
    await balancer?.close();
    for (const { program } of started) await program.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  it('knows what either has acknowledged, and goes on at the one from where the other was', async () => {
    const [a, b] = started as [Serving, Serving];
    const before = balancer.answered.length;
    for (const [n, server] of [a, b, a, b].entries()) {
      await revoke(server, `token ${n}`);
      expect(await refusalOf(`token ${n}`)).to.deep.equal([]);
    }
    expect(followed.check(verified('another')).status).to.equal('active');
    expect(followed.problem()).to.equal(undefined);
    expect(new Set(balancer.answered.slice(before))).to.deep.equal(new Set([a.url, b.url]));
  }).timeout(30_000);

  it('loses nothing where one is killed right after it has acknowledged', async () => {
    const [a, b] = started as [Serving, Serving];
    await revoke(a, 'the last of a');
    await a.program.kill();
    expect(await refusalOf('the last of a')).to.deep.equal([]);
    balancer.servers = [b.url];
    await revoke(b, 'after a');
    expect(await refusalOf('after a')).to.deep.equal([]);
    expect((await followed.confirm(verified('another'))).status).to.equal('active');
  }).timeout(30_000);

  it('goes on at one that has just come, which has never seen where it was', async () => {
    const b = started[1] as Serving;
    const c = await start();
    balancer.servers = [b.url, c.url];
    for (const [n, server] of [b, c].entries()) {
      await revoke(server, `later ${n}`);
      expect(await refusalOf(`later ${n}`)).to.deep.equal([]);
    }
    balancer.servers = [c.url];
    await revoke(c, 'of c alone');
    expect(await refusalOf('of c alone')).to.deep.equal([]);
    const all = ['token 0', 'token 3', 'the last of a', 'after a', 'later 0', 'later 1'];
    for (const jti of all) expect(followed.check(verified(jti)).status, jti).to.equal('revoked');
    expect((await followed.confirm(verified('another'))).status).to.equal('active');
    expect(followed.problem()).to.equal(undefined);
  }).timeout(60_000);
});

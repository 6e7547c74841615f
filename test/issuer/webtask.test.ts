import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { type Task, webtask } from '../../runtime/harness/index.ts';
import { type RevocationServer, startRevocation } from './revocation.ts';
import { AUDIENCE, type Issuer, startIssuer } from './start.ts';

const IDENTITY = fileURLToPath(new URL('../../runtime/identity/index.ts', import.meta.url));

describe('a webtask that is protected, and an issuer that others made', () => {
  let issuer: Issuer;
  let revocationServer: RevocationServer;
  let folder: string;
  let task: Task;
  before(async () => {
    issuer = await startIssuer();
    folder = await mkdtemp(join(tmpdir(), 'webtask-issuer-'));
    revocationServer = await startRevocation(issuer);
    const { authorization, ...feed } = revocationServer.feed;
    const options = JSON.stringify({ issuer: issuer.url, audience: AUDIENCE, scopes: ['read:orders'] });
    await writeFile(
      join(folder, 'orders.js'),
      `const { followRevocations, protect } = require('${IDENTITY}');
      const revocation = followRevocations({ ...${JSON.stringify(feed)}, authorization: () => '${authorization()}' });
      module.exports = protect((context, callback) => callback(null, context.user.client_id), {
        ...${options},
        revocation,
        unknown: 'confirm',
      });`,
    );
    task = await webtask(join(folder, 'orders.js'), { secrets: {} });
  });
  after(async () => {
    await revocationServer?.close();
    await issuer?.stop();
    if (folder) await rm(folder, { recursive: true });
  });
  const call = async (token?: string) => {
    const { status, body } = await task.get(
      '/',
      token === undefined ? {} : { headers: { Authorization: `Bearer ${token}` } },
    );
    return { status, body };
  };

  it('understand one another', async () => {
    expect(await call(await issuer.token('read:orders'))).to.deep.equal({ status: 200, body: '"shop"' });
    expect(await call(await issuer.token('read:orders', { client: 'visitor' }))).to.deep.equal({
      status: 200,
      body: '"visitor"',
    });
  });

  it('nobody else gets in', async () => {
    expect((await call()).status).to.equal(401);
    expect((await call(await issuer.token('write:orders'))).status).to.equal(403);
    const other = await issuer.token('read:orders', { resource: 'https://other.example.com' });
    expect((await call(other)).status).to.equal(401);
  });

  it('a token is refused once it is revoked by RFC 7009, and another of its client is not', async () => {
    const [token, other] = [await issuer.token('read:orders'), await issuer.token('read:orders')];
    expect((await call(token)).status).to.equal(200);
    expect(await revocationServer.revoke(token)).to.equal(200);
    while ((await call(token)).status === 200) await delay(50);
    expect((await call(token)).status).to.equal(401);
    expect(await call(other)).to.deep.equal({ status: 200, body: '"shop"' });
  });

  it('a new key is known with the first token that it signs', async () => {
    await issuer.tell('publish');
    await issuer.tell('sign');
    expect((await call(await issuer.token('read:orders'))).status).to.equal(200);
  });
});

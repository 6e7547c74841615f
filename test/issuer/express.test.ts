import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import {
  type AccessGuard,
  createVerifier,
  type FollowedRevocations,
  followRevocations,
  requireAccessToken,
} from '../../runtime/identity/index.ts';
import { type RevocationServer, startRevocation } from './revocation.ts';
import { AUDIENCE, type Issuer, startIssuer } from './start.ts';

/** What is used of Express, which has no types here. */
interface App {
  get(
    path: string,
    guard: AccessGuard,
    answer: (req: { auth?: object }, res: { json(it: unknown): void }) => void,
  ): void;
  listen(port: number, host: string): Server;
}
const express = createRequire(import.meta.url)('express') as () => App;

/** Waits until the API knows what was revoked before. */
async function hasRead(revocation: FollowedRevocations): Promise<void> {
  await revocation.confirm({ claims: { iss: '', exp: 0 }, digest: () => '' });
}

describe('an API of Express, and an issuer that others made', () => {
  let issuer: Issuer;
  let server: Server;
  let url: string;
  let revocationServer: RevocationServer;
  let revocation: FollowedRevocations;

  before(async () => {
    issuer = await startIssuer();
    const verifier = createVerifier({ issuer: issuer.url, audience: AUDIENCE });
    revocationServer = await startRevocation(issuer);
    revocation = followRevocations(revocationServer.feed);
    await revocation.ready();
    const app = express();
    app.get('/orders', requireAccessToken({ verifier, revocation, scopes: ['read:orders'] }), (req, res) =>
      res.json(req.auth),
    );
    server = app.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/orders`; // it listens on TCP
  });
  after(async () => {
    server?.close();
    await revocation?.close();
    await revocationServer?.close();
    await issuer?.stop();
  });

  async function call(token: string): Promise<{ status: number; body: Record<string, unknown> }> {
    const response = await fetch(url, { headers: { Authorization: `Bearer ${token}`, Connection: 'close' } });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }
  const refused = (status: number, error: string, description: string) => ({
    status,
    body: { error, error_description: description },
  });

  it('understand one another', async () => {
    const { status, body } = await call(await issuer.token('read:orders'));
    expect(status).to.equal(200);
    expect(body).to.include({ iss: issuer.url, aud: AUDIENCE, client_id: 'shop', scope: 'read:orders' });
  });

  it('a token for another API is refused', async () => {
    const token = await issuer.token('read:orders', { resource: 'https://other.example.com' });
    expect(await call(token)).to.deep.equal(
      refused(401, 'invalid_token', 'The access token is not meant for https://api.example.com.'),
    );
  });

  it('a token without the scope is refused', async () => {
    expect(await call(await issuer.token('write:orders'))).to.deep.equal(
      refused(403, 'insufficient_scope', 'The access token does not have the scope read:orders.'),
    );
  });

  it('a token that was changed is refused', async () => {
    const [header, payload = '', signature] = (await issuer.token('write:orders')).split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
    const changed = Buffer.from(JSON.stringify({ ...claims, scope: 'read:orders' })).toString('base64url');
    expect(await call(`${header}.${changed}.${signature}`)).to.deep.equal(
      refused(401, 'invalid_token', 'The signature of the access token does not hold.'),
    );
  });

  it('a token is refused once it is revoked by RFC 7009, and another of its client is not', async () => {
    const [token, other] = [await issuer.token('read:orders'), await issuer.token('read:orders')];
    expect((await call(token)).status).to.equal(200);
    expect(await revocationServer.revoke(token)).to.equal(200);
    await hasRead(revocation);
    expect(await call(token)).to.deep.equal(refused(401, 'invalid_token', 'The access token is revoked.'));
    expect((await call(other)).status).to.equal(200);
  });

  it('the tokens of a user are refused once the issuer says that they have signed out, and those of others are not', async () => {
    const token = await issuer.token('read:orders');
    const other = await issuer.token('read:orders', { client: 'visitor' });
    await issuer.tell(`logout ${revocationServer.logoutUrl}`);
    await hasRead(revocation);
    expect(await call(token)).to.deep.equal(refused(401, 'invalid_token', 'The access token is revoked.'));
    expect((await call(other)).status).to.equal(200);
    // What is issued in the second of the logout is forbidden, too.
    while ((await call(await issuer.token('read:orders'))).status === 401) await delay(100);
  });

  it('a new key is known to the API with the first token that it signs, and the old one goes on until it is retired', async () => {
    const before = await issuer.token('read:orders');
    await issuer.tell('publish');
    await issuer.tell('sign');
    const after = await issuer.token('read:orders');
    expect([(await call(after)).status, (await call(before)).status]).to.deep.equal([200, 200]);
    await issuer.tell('retire');
    await issuer.tell('publish');
    await issuer.tell('sign');
    expect((await call(await issuer.token('read:orders'))).status).to.equal(200);
    expect(await call(before)).to.deep.equal(
      refused(401, 'invalid_token', 'The access token is signed with a key that its issuer does not publish.'),
    );
  });

  it('tokens are accepted while the issuer is down, and an unknown key is a 503', async () => {
    const token = await issuer.token('read:orders');
    expect((await call(token)).status).to.equal(200);
    await issuer.tell('publish');
    await issuer.tell('sign');
    const unknown = await issuer.token('read:orders');
    await issuer.stop();
    expect((await call(token)).status).to.equal(200);
    expect(await call(unknown)).to.deep.equal(
      refused(503, 'temporarily_unavailable', 'The access token cannot be checked at the moment.'),
    );
  });
});

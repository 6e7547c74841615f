import { createServer as createHttpServer, type Server } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { moveDate } from '../../../../runtime/harness/index.ts';
import {
  type FollowedRevocations,
  followRevocations,
  openRevocation,
} from '../../../../runtime/identity/revocation/index.ts';
import { sendWebResponse, toWebRequest } from '../../../../runtime/invoke/fetch.ts';
import { createMemoryStore } from '../../../../runtime/store/index.ts';
import { ISSUER } from '../../../support/access-token.ts';
import { basic, useTenant } from '../../../support/identity.ts';
import { NOW } from '../../../support/keys.ts';
import { refusalIn } from '../../../support/refusal.ts';
import { verified } from '../../../support/revocation.ts';

/** A token of the user or session that is named. */
const token = (claims: object) => verified({ iss: ISSUER, iat: NOW - 60, exp: NOW + 3600, ...claims });

describe('a process without the store that follows the feed', () => {
  const acme = useTenant();
  let server: Server;
  let url = '';
  let followed: FollowedRevocations | undefined;
  let isCutOff = false;

  beforeEach(async () => {
    isCutOff = false;
    server = createHttpServer(async (req, res) => {
      if (isCutOff) return void res.destroy();
      const request = toWebRequest(req, new AbortController().signal);
      await sendWebResponse((await acme.identity.answer('acme', request, '/feed')).response, res);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/feed`; // it listens on TCP
  });
  afterEach(async () => {
    await followed?.close();
    followed = undefined;
    server.closeAllConnections();
    server.close();
  });

  const follow = (options = {}) => {
    followed = followRevocations({ url, tenant: 'acme', authorization: () => basic('api'), ...options });
    return followed;
  };
  const revoke = (sub: string) => acme.identity.revocationsOf('acme').revoke({ kind: 'sub', iss: ISSUER, id: sub });

  it('knows nothing before it has read all that is there, and then what is revoked before and after', async () => {
    await revoke('before');
    const revocations = follow();
    expect(revocations.check(token({ sub: 'before' }))).to.deep.equal({ status: 'unknown', asOf: 0 });
    await revocations.ready();
    expect(revocations.check(token({ sub: 'before' }))).to.include({ status: 'revoked', by: 'sub' });
    expect(revocations.check(token({ sub: 'after' })).status).to.equal('active');
    await revoke('after');
    expect(await revocations.confirm(token({ sub: 'after' }))).to.include({ status: 'revoked', by: 'sub' });
    expect(revocations.check(token({ sub: 'after' })).status).to.equal('revoked');
    expect(revocations.check(token({ sub: 'other' })).status).to.equal('active');
  });

  it('goes through more than fits in a page', async () => {
    await Promise.all(Array.from({ length: 4500 }, (_, i) => revoke(`user ${i}`)));
    const revocations = follow();
    await revocations.ready();
    for (const i of [0, 1234, 4499]) expect(revocations.check(token({ sub: `user ${i}` })).status).to.equal('revoked');
    expect(revocations.check(token({ sub: 'user 4500' })).status).to.equal('active');
  });

  it('says unknown once the feed is cut off for longer than allowed, and still revoked where it was', async () => {
    await revoke('before');
    const revocations = follow();
    await revocations.ready();
    isCutOff = true;
    expect((await revocations.confirm(token({ sub: 'other' }))).status).to.equal('active');
    moveDate(5_001);
    expect(revocations.check(token({ sub: 'other' })).status).to.equal('unknown');
    expect(revocations.check(token({ sub: 'before' })).status).to.equal('revoked');
    expect((await revocations.confirm(token({ sub: 'other' }))).status).to.equal('unknown');
    expect(revocations.problem()).to.match(/^The feed of revocations at http:\/\/127.0.0.1:\d+\/feed cannot be read: /);
    isCutOff = false;
    // The other side knows of the time that has passed with its own next heartbeat.
    while ((await revocations.confirm(token({ sub: 'other' }))).status === 'unknown') await delay(20);
    expect(revocations.check(token({ sub: 'other' })).status).to.equal('active');
    expect(revocations.problem()).to.equal(undefined);
  });

  it('is as old as what it follows: a feed that stands still makes nothing fresh', async () => {
    const revocations = follow();
    await revocations.ready();
    const { readFeed } = acme.identity.revocationsOf('acme');
    acme.identity.revocationsOf('acme').readFeed = async (after) => ({ ...(await readFeed(after)), age: 6_000 });
    moveDate(5_001);
    expect((await revocations.confirm(token({ sub: 'other' }))).status).to.equal('unknown');
  });

  it('begins anew where its place is not known any more, and forgets nothing meanwhile', async () => {
    await revoke('before');
    const revocations = follow();
    await revocations.ready();
    const { readFeed } = acme.identity.revocationsOf('acme');
    let lost = 0;
    acme.identity.revocationsOf('acme').readFeed = async (after) => {
      const isFirst = lost === 0 && after !== undefined;
      lost += 1;
      return readFeed(isFirst ? '1.another_stor.5.' : after);
    };
    expect((await revocations.confirm(token({ sub: 'before' }))).status).to.equal('revoked');
    expect((await revocations.confirm(token({ sub: 'other' }))).status).to.equal('active');
    expect(lost).to.be.above(4);
  });

  it('is refused by name, over HTTP, where it asks with what is no place', async () => {
    for (const after of ['garbled', '', `1.${'a'.repeat(12)}.0.../../members`, 'x'.repeat(9_000)]) {
      const { status, json } = await acme.call('GET', `/feed?after=${encodeURIComponent(after)}`);
      expect({ status, json }).to.deep.equal({
        status: 400,
        json: {
          error: 'invalid_request',
          error_description: 'The request cannot be understood: its after is no place in the feed.',
          code: 'REVOCATION_REQUEST',
        },
      });
    }
  });

  it('begins anew where its place is refused, as by a server that writes them in another way', async () => {
    await revoke('before');
    const revocations = follow();
    await revocations.ready();
    const { readFeed } = acme.identity.revocationsOf('acme');
    let refused = 0;
    acme.identity.revocationsOf('acme').readFeed = async (after) =>
      readFeed(after !== undefined && refused++ === 0 ? '9.unknown' : after);
    await revoke('after');
    while (revocations.check(token({ sub: 'after' })).status !== 'revoked') await delay(10);
    expect(refused).to.be.above(1);
    expect(revocations.check(token({ sub: 'other' })).status).to.equal('active');
  });

  it('says so where servers answer by turns that do not share a store, and does not hurry', async () => {
    const { readFeed } = acme.identity.revocationsOf('acme');
    const other = openRevocation({ store: createMemoryStore(), tenants: ['acme'] });
    await other.ready();
    let asked = 0;
    acme.identity.revocationsOf('acme').readFeed = (after) =>
      asked++ % 2 === 0 ? readFeed(after) : other.tenant('acme').readFeed(after);
    const revocations = follow();
    expect((await revocations.confirm(token({ sub: 'other' }))).status).to.equal('unknown');
    expect(asked).to.be.below(10);
    expect(revocations.problem()).to.match(
      /begins anew all the time, as where servers answer by turns that do not share a store\.$/,
    );
    await other.close();
  });

  it('is not given to who may not read it', async () => {
    const revocations = follow({ authorization: () => basic('shop') });
    expect((await revocations.confirm(token({}))).status).to.equal('unknown');
    expect(revocations.problem()).to.include('HTTP 403');
  });

  for (const [what, answer] of [
    ['no page', '{"entries":5,"next":"x"}'],
    ['an entry that is none', '{"entries":[{"kind":"sub","key":"short"}],"next":"x","age":0}'],
    [
      'a time that is none',
      `{"entries":[{"kind":"sub","key":"${'a'.repeat(43)}","notBefore":"1"}],"next":"x","age":0}`,
    ],
    ['a kind that is none', `{"entries":[{"kind":"device","key":"${'a'.repeat(43)}"}],"next":"x","age":0}`],
    [
      'a time before all times',
      `{"entries":[{"kind":"sub","key":"${'a'.repeat(43)}","expires":-1}],"next":"x","age":0}`,
    ],
    ['an age in the future', '{"entries":[],"next":"x","age":-5000}'],
    ['no JSON', '<html>'],
  ] as const) {
    it(`takes nothing from what it does not understand: ${what}`, async () => {
      acme.identity.revocationsOf('acme').readFeed = async () => JSON.parse(answer.startsWith('{') ? answer : 'null');
      const revocations = follow();
      expect((await revocations.confirm(token({}))).status).to.equal('unknown');
      expect(revocations.problem()).to.include('cannot be read');
    });
  }

  it('gives up on one that never answers', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const revocations = follow({ url: `http://127.0.0.1:${(silent.address() as AddressInfo).port}/` }); // TCP
    silent.once('connection', (socket) => setTimeout(() => socket.destroy(), 50));
    expect((await revocations.confirm(token({}))).status).to.equal('unknown');
    silent.close();
  });

  it('follows https alone, but on this machine', () => {
    for (const bad of ['http://wt.example.com/feed', 'ftp://wt.example.com', 'feed']) {
      expect(refusalIn(() => followRevocations({ url: bad, tenant: 'acme', authorization: () => '' }))).to.include({
        code: 'REVOCATION_OPTION_INVALID',
        message: 'Revocation cannot be opened: the option url is neither https nor on this machine.',
      });
    }
  });
});

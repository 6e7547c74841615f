import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { freezeDate, moveDate } from '../../../../runtime/harness/index.ts';
import { readStatusLists } from '../../../../runtime/identity/status-list/read-lists.ts';
import { createStatusList, STATUS } from '../../../../runtime/identity/status-list/status-list.ts';
import { type IssuerKey, issuerKey } from '../../../support/access-token.ts';
import { NOW } from '../../../support/keys.ts';
import { refusalIn } from '../../../support/refusal.ts';
import { verified } from '../../../support/revocation.ts';

describe('a guard that goes by status lists', () => {
  const key = issuerKey('k1');
  let server: Server;
  let base = '';
  let fetches = 0;
  /** What the list is answered with, where it is not as it should be. */
  let answer: { status?: number; body?: string } = {};
  let claims: object = {};
  let header: object = {};
  let signer: IssuerKey = key;

  beforeEach(async () => {
    freezeDate(NOW * 1000);
    [fetches, answer, claims, header, signer] = [0, {}, {}, {}, key];
    server = createServer((req, res) => {
      if (req.url === '/jwks') return void res.end(JSON.stringify({ keys: [key.jwk] }));
      fetches += 1;
      res.writeHead(answer.status ?? 200).end(answer.body ?? listToken());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // it listens on TCP
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  function listToken(): string {
    const list = createStatusList(100, 2);
    list.set(1, STATUS.invalid);
    list.set(2, STATUS.suspended);
    const said = { iss: base, sub: `${base}/list`, iat: NOW, exp: NOW + 100, ttl: 10, status_list: list.encode() };
    return signer.signRaw(
      JSON.stringify({ alg: 'ES256', kid: 'k1', typ: 'statuslist+jwt', ...header }),
      JSON.stringify({ ...said, ...claims }),
    );
  }
  const open = () => readStatusLists({ issuer: base, jwksUri: `${base}/jwks` });
  const at = (idx: unknown, uri = `${base}/list`) => verified({ iss: base, status: { status_list: { idx, uri } } });
  const statusOf = async (idx: unknown, uri?: string) => (await open().confirm(at(idx, uri))).status;

  it('knows nothing at once, and after one fetch for all who ask, everything', async () => {
    const lists = open();
    expect(lists.check(at(0))).to.deep.equal({ status: 'unknown', asOf: 0 });
    const all = await Promise.all([0, 1, 2, 3].map((idx) => lists.confirm(at(idx))));
    expect(all.map(({ status }) => status)).to.deep.equal(['active', 'revoked', 'revoked', 'active']);
    expect(lists.check(at(1))).to.deep.equal({ status: 'revoked', asOf: NOW * 1000, by: 'jti' });
    expect(fetches).to.equal(1);
  });

  it('reads a list again once its time to live is over, and knows nothing by the old one', async () => {
    const lists = open();
    await lists.confirm(at(0));
    moveDate(9_000);
    expect(lists.check(at(0)).status).to.equal('active');
    moveDate(2_000);
    expect(lists.check(at(0)).status).to.equal('unknown');
    answer = { status: 500 };
    expect((await lists.confirm(at(0))).status).to.equal('unknown');
    answer = {};
    expect((await lists.confirm(at(0))).status).to.equal('active');
  });

  const refused: [what: string, make: () => void][] = [
    ['of another type', () => (header = { typ: 'at+jwt' })],
    ['of another issuer', () => (claims = { iss: 'https://evil.example.com' })],
    ['for another address', () => (claims = { sub: `${base}/other` })],
    ['that has ended', () => (claims = { exp: NOW - 10 })],
    ['that does not say when it was issued', () => (claims = { iat: undefined })],
    ['that is none', () => (claims = { status_list: { bits: 3, lst: 'AAAA' } })],
    ['signed by somebody else', () => (signer = issuerKey('k1'))],
    ['with a MAC', () => (header = { alg: 'HS256' })],
    ['that is not signed', () => (header = { alg: 'none' })],
    ['that is not there', () => (answer = { status: 404 })],
    ['that is a page', () => (answer = { body: '<html>' })],
    ['of 8 MiB', () => (answer = { body: 'a'.repeat(8 << 20) })],
  ];
  for (const [what, make] of refused) {
    it(`calls nothing active by a list ${what}`, async () => {
      make();
      expect(await statusOf(0)).to.equal('unknown');
    });
  }

  it('calls no token active that names no place in a list', async () => {
    expect((await open().confirm(verified({ iss: base }))).status).to.equal('unknown');
    for (const idx of [100, -1, 1.5, '0', undefined]) expect(await statusOf(idx), String(idx)).to.equal('unknown');
    expect(await statusOf(0, 'http://lists.example.com/1')).to.equal('unknown');
  });

  it('is sent to this machine by nobody who is elsewhere', async () => {
    const lists = readStatusLists({ issuer: 'https://login.example.com' });
    expect((await lists.confirm(at(0))).status).to.equal('unknown');
    expect(fetches).to.equal(0);
  });

  it('has keys from where they can be trusted', () => {
    expect(refusalIn(() => readStatusLists({ issuer: 'http://login.example.com' }))).to.include({
      code: 'REVOCATION_OPTION_INVALID',
      message: 'Revocation cannot be opened: the option issuer is neither https nor on this machine.',
    });
  });
});

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import {
  openRevocationSource,
  type RevocationSource,
} from '../../../../runtime/server/revocations/revocation-source.ts';
import { createRevocations } from '../../../../runtime/server/revocations/revocations.ts';
import { signToken } from '../../../../runtime/token/index.ts';
import { hmacKey, keySet, NOW } from '../../../support/keys.ts';
import { refusalIn, refusalOf } from '../../../support/refusal.ts';

const FIX = 'Look at WEBTASK_REVOCATION_URL, and at what that webtask prints.';
const unanswered = (reason: string) => ({
  code: 'REVOCATION_UNANSWERED',
  message: `The webtask that keeps revocations gave no answer: ${reason}.`,
  fix: FIX,
});

describe('revocations that a webtask keeps', () => {
  let server: Server;
  let url = '';
  let answer: (req: IncomingMessage, res: ServerResponse) => void;
  let asked: string[] = [];
  let time = NOW * 1000;
  before((done) => {
    server = createServer((req, res) => {
      asked.push(`${req.method} ${req.url}`);
      answer(req, res);
    }).listen(0, '127.0.0.1', () => {
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/run/shop/revoke`;
      done();
    });
  });
  after((done) => {
    server.closeAllConnections();
    server.close(done);
  });
  beforeEach(() => {
    asked = [];
    time = NOW * 1000;
  });

  const open = (contract?: string, address = url): RevocationSource => {
    const env = { WEBTASK_REVOCATION_URL: address, ...(contract && { WEBTASK_REVOCATION_CONTRACT: contract }) };
    return openRevocationSource(
      () => Promise.reject(new Error('the store is not for this')),
      env,
      () => time,
    );
  };

  /** Answers as the webtask does, with or without the header that says so. */
  function keepList(withMarker: boolean): Set<string> {
    const list = new Set<string>();
    answer = (req, res) => {
      const jti = new URL(req.url ?? '', url).searchParams.get('jti') ?? '';
      if (req.method === 'PUT') list.add(jti);
      const isRevoked = list.has(jti);
      if (withMarker) res.setHeader('Revocation-Status', isRevoked ? 'revoked' : 'active');
      res.writeHead(isRevoked ? 200 : 404).end();
    };
    return list;
  }
  const answerWith = (status: number, headers: Record<string, string> = {}) => {
    answer = (_req, res) => res.writeHead(status, headers).end();
  };

  for (const contract of ['marker', 'seed']) {
    it(`are put there and asked for there, by the contract ${contract}`, async () => {
      keepList(contract === 'marker');
      const source = open(contract, `${url}?key=k`);
      expect(await source.has('a b')).to.equal(false);
      await source.add('a b', 'the.jwt', {});
      expect(await source.has('a b')).to.equal(true);
      expect(asked[0]).to.equal('GET /api/run/shop/revoke?key=k&jti=a+b');
      expect(asked).to.include('PUT /api/run/shop/revoke?key=k&jti=a+b&jwt=the.jwt');
    });
  }

  for (const [status, headers] of [
    [404, {}],
    [404, { 'Revocation-Status': 'revoked' }],
    [200, {}],
    [200, { 'Revocation-Status': 'active' }],
    [500, { 'Revocation-Status': 'active' }],
    [204, { 'Revocation-Status': 'active' }],
  ] as const) {
    it(`are unknown where the answer is ${status} with ${JSON.stringify(headers)}: it may be anybody’s`, async () => {
      answerWith(status, headers);
      expect(await refusalOf(open().has('a'))).to.deep.equal(unanswered(`asking was answered with ${status}`));
    });
  }

  it('are unknown where the answer is a redirect: who redirects, answers from elsewhere', async () => {
    answerWith(302, { Location: url, 'Revocation-Status': 'active' });
    const check = createRevocations(open(), () => time).isRevoked({ jti: 'a' });
    expect((await refusalOf(Promise.resolve(check))).code).to.equal('REVOCATION_CHECK_FAILED');
  });

  it('are not taken as made where revoking was not answered with 200', async () => {
    answerWith(502);
    const revocations = createRevocations(open(), () => time);
    expect(await refusalOf(revocations.revoke('jwt', { jti: 'a' }))).to.deep.equal(
      unanswered('revoking was answered with 502'),
    );
  });

  it('are not asked about the token that the webtask itself runs by, which would wait for itself', async () => {
    const token = signToken({ jti: 'own', ten: 'shop' }, keySet([hmacKey('k')]), NOW);
    answerWith(500);
    const revocations = createRevocations(open('marker', `${url}?key=${token}`), () => time);
    expect(await revocations.isRevoked({ jti: 'own', ca: ['a'] })).to.equal(false);
    expect(asked).to.deep.equal([]);
    expect((await refusalOf(Promise.resolve(revocations.isRevoked({ jti: 'b', ca: ['own'] })))).message).to.equal(
      'revocation check failed',
    );
  });

  it('have settings that are checked when the server starts', () => {
    expect(refusalIn(() => open('other'))).to.deep.equal({
      code: 'SETTING_INVALID',
      message: 'WEBTASK_REVOCATION_CONTRACT cannot be used: it is neither marker nor seed.',
      fix: undefined,
    });
    expect(refusalIn(() => open('marker', 'ftp://a.test/'))).to.deep.equal({
      code: 'SETTING_INVALID',
      message: 'WEBTASK_REVOCATION_URL cannot be used: it is no http or https URL.',
      fix: undefined,
    });
  });
});

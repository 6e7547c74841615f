import type { RequestListener } from 'node:http';
import { expect } from 'chai';
import { openCodeStore } from '../../../../runtime/server/registry/code-store.ts';
import { createCodeStoreClient } from '../../../../runtime/server/registry/code-store-webtask.ts';
import type { Registry } from '../../../../runtime/server/registry/registry.ts';
import { signToken } from '../../../../runtime/token/index.ts';
import { hmacKey, keySet, NOW } from '../../../support/keys.ts';
import { type Origin, startOrigin } from '../../../support/origin.ts';
import { refusalIn, refusalOf } from '../../../support/refusal.ts';

const unanswered = (reason: string) => ({
  code: 'CODE_STORE_UNANSWERED',
  message: `the webtask that keeps code gave no answer: ${reason}`,
  fix: 'Look at WEBTASK_CODE_STORE_URL, and at what that webtask prints.',
});
const tokenOf = (claims: object): string => signToken(claims, keySet([hmacKey('k')]), NOW);

describe('the calls of the webtask that keeps code', () => {
  let origin: Origin;
  let answer: RequestListener;
  before(async () => {
    origin = await startOrigin((req, res) => answer(req, res));
  });
  after(() => origin.close());

  const client = (query = '', timeoutMs = 5_000) =>
    createCodeStoreClient(`${origin.origin}/store${query}`, {
      baseUrl: () => 'https://wt.example:8443',
      timeoutMs,
    });
  const answerWith = (status: number, body = '', headers: Record<string, string> = {}): void => {
    answer = (_req, res) => res.writeHead(status, headers).end(body);
  };
  const last = (): string =>
    `${origin.requests.at(-1)?.method} ${decodeURIComponent(origin.requests.at(-1)?.url ?? '')}`;

  it('keep the key of the URL, and name the cluster by its public host', async () => {
    answerWith(200);
    await client('?key=k').putToken('dev', 'pay@2', 'a.b.c');
    expect(last()).to.equal('PUT /store?key=k&path=tokens/wt.example/dev/pay@2&no_location=1');
    const token = tokenOf({ ten: 'dev', jtn: 'pay@2' });
    answerWith(200, JSON.stringify({ token }));
    expect(await client('?key=k').getToken('dev', 'pay@2')).to.equal(token);
    expect(last()).to.equal('GET /store?key=k&path=tokens/wt.example/dev/pay@2&method=GET');
  });

  it('never leave the folder of code, whatever an issuer’s id is', async () => {
    answerWith(200, '', { Location: 'https://store.example/a' });
    await client().putCode('x', '../tokens');
    expect(last()).to.match(/^PUT \/store\?path=code\/[0-9a-f]{64}\/[0-9a-f]{32}$/);
  });

  it('never leave the folder of a container, whatever it and the name are', async () => {
    answerWith(404);
    for (const [container, name, path] of [
      ['..', '.', 'tokens/wt.example/%2E%2E/%2E'],
      ['a/b', 'c', 'tokens/wt.example/a%2fb/c'],
      ['a', 'b/c', 'tokens/wt.example/a/b%2fc'],
      ['a%2fb', 'c', 'tokens/wt.example/a%252fb/c'],
      ['a', '-_.~!$+=:@é', 'tokens/wt.example/a/-_.~!$+=:@%c3%a9'],
    ] as const) {
      await client().getToken(container, name);
      expect(new URL(`http://x${origin.requests.at(-1)?.url}`).searchParams.get('path')).to.equal(path);
    }
  });

  it('know a name that has none any more from one that was never kept', async () => {
    answerWith(200, '{}');
    expect(await client().getToken('dev', 'a')).to.equal(null);
    answerWith(404);
    expect(await client().getToken('dev', 'a')).to.equal(undefined);
  });

  const OTHER = 'it gave the token of another webtask';
  for (const [what, body, reason] of [
    ['no JSON', 'oops', 'what it gave for a name is no JSON'],
    ['a number', '{"token":5}', 'what it gave for a name has no token'],
    ['no token', '{"token":"a.b"}', 'what it gave for a name is no token'],
    ['the token of another name', JSON.stringify({ token: tokenOf({ ten: 'dev', jtn: 'b' }) }), OTHER],
    ['the token of another container', JSON.stringify({ token: tokenOf({ ten: 'ops', jtn: 'a' }) }), OTHER],
    ['a token of several containers', JSON.stringify({ token: tokenOf({ ten: 'dev,ops', jtn: 'a' }) }), OTHER],
    ['a token without a name', JSON.stringify({ token: tokenOf({ ten: 'dev' }) }), OTHER],
  ] as const) {
    it(`refuse ${what} as the answer for a name`, async () => {
      answerWith(200, body);
      expect(await refusalOf(client().getToken('dev', 'a'))).to.deep.equal(unanswered(reason));
    });
  }

  for (const [what, location] of [
    ['none', undefined],
    ['a path', '/code'],
    ['no web address', 'file:///code'],
    ['one that no token has room for', `https://a.test/${'a'.repeat(4096)}`],
  ] as const) {
    it(`refuse a Location that is ${what}`, async () => {
      answerWith(200, '', location === undefined ? {} : { Location: location });
      expect(await refusalOf(client().putCode('x', undefined))).to.deep.equal(
        unanswered('it did not say where it keeps the code'),
      );
    });
  }

  for (const status of [201, 204, 403, 404, 500]) {
    it(`take ${status} for no answer: only 200 says that something is kept`, async () => {
      answerWith(status, '', { Location: 'https://store.example/a' });
      expect(await refusalOf(client().putCode('x', undefined))).to.deep.equal(
        unanswered(`keeping code was answered with ${status}`),
      );
      expect(await refusalOf(client().putToken('dev', 'a', 't'))).to.deep.equal(
        unanswered(`keeping the token of a name was answered with ${status}`),
      );
    });
  }

  it('end when nothing is answered, and when nobody is there', async () => {
    answer = () => undefined;
    expect(await refusalOf(client('', 100).getToken('dev', 'a'))).to.deep.equal(
      unanswered('it did not answer within 100 ms'),
    );
    answer = (req) => req.socket.destroy();
    expect(await refusalOf(client().getToken('dev', 'a'))).to.deep.equal(unanswered('it cannot be reached'));
  });

  it('follow no redirect, and read no endless answer', async () => {
    answerWith(302, '', { Location: `${origin.origin}/elsewhere` });
    expect(await refusalOf(client().getToken('dev', 'a'))).to.deep.equal(unanswered('it cannot be reached'));
    answerWith(200, 'x'.repeat(40_000));
    expect((await refusalOf(client().getToken('dev', 'a'))).code).to.equal('CODE_STORE_UNANSWERED');
  });

  it('need a URL that is one, or the server does not start', () => {
    const open = (url: string) => () =>
      openCodeStore(
        { WEBTASK_CODE_STORE_URL: url },
        {
          registry: {} as Registry, // never reached
          policy: { publicOnly: true, allowedOrigins: [] },
          maxCodeBytes: 1,
          baseUrl: () => '',
          now: Date.now,
        },
      );
    expect(refusalIn(open('ftp://a.test/'))).to.deep.equal({
      code: 'SETTING_INVALID',
      message: 'WEBTASK_CODE_STORE_URL cannot be used: it is no http or https URL.',
      fix: undefined,
    });
  });
});

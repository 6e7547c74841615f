import { expect } from 'chai';
import { useServer } from './server.ts';
import { answerOf, claimsOf, HELLO, seconds, tokenCalls, withToken } from './token-calls.ts';

const UNTRUSTED = 'rejecting request with JWT token signed with untrusted key';

const headerOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString('utf8'));

describe('E. Tokens and permissions', () => {
  const server = useServer();

  const { issue, issued, runWith } = tokenCalls(server);

  it('51. `wt token create --ten dev --code x --dd 0` is answered with a JWT; numbers may be written as text', async () => {
    const response = await issue({ ten: 'dev', code: HELLO, dd: 0, lts: '500', exp: `${seconds() + 60}` });
    expect(response.status).to.equal(200);
    expect(response.headers.get('content-type')).to.match(/^text\/plain\b/);
    const token = await response.text();
    expect(claimsOf(token)).to.include({ ten: 'dev', dd: 0, lts: 500 });
    expect(claimsOf(token).exp).to.be.a('number');
    expect(response.headers.get('location')).to.equal(`${server.url}/api/run/dev?key=${token}`);
    expect(await (await runWith(token)).json()).to.equal('Hello');
  });

  it('52. a revoked token runs nothing more: 403 `token is revoked`', async () => {
    for (const revoke of [
      (token: string) => server.call('POST', `/api/tokens/revoke?token=${token}`),
      (token: string) => server.call('POST', '/api/tokens/revoke', { json: { token } }),
      (token: string) =>
        fetch(`${server.url}/api/tokens/revoke`, {
          method: 'POST',
          headers: withToken(server.token),
          body: new URLSearchParams({ token }),
        }),
    ]) {
      const token = await issued({ ten: 'dev', code: HELLO, dd: 0, dr: 1 });
      expect((await runWith(token)).status).to.equal(200);
      expect((await revoke(token)).status).to.equal(200);
      expect(await answerOf(await runWith(token))).to.deep.equal({ status: 403, message: 'token is revoked' });
    }
    for (const [path, status] of [
      ['/api/tokens/revoke', 400],
      ['/api/tokens/revoke?token=a.b.c', 400],
      ['/api/tokens/revoke?token=abc', 400],
    ] as const) {
      expect((await answerOf(await server.call('POST', path))).status).to.equal(status);
    }
  });

  it('57. the opaque master key may do everything', async function () {
    const { masterKey } = server;
    if (masterKey === undefined) return this.skip();
    const token = await issued({ ten: 'other', jtn: 'e57', code: HELLO, jti: 'chosen' }, masterKey);
    expect(claimsOf(token)).to.include({ ten: 'other', jti: 'chosen' }).and.deep.include({ ca: [] });
    expect(await (await fetch(`${server.url}/api/run/other/e57`)).json()).to.equal('Hello');
    const list = await server.call('GET', '/api/webtask/other', { headers: withToken(masterKey) });
    expect(((await list.json()) as { name: string }[]).map(({ name }) => name)).to.include('e57');
    expect(await answerOf(await issue({ jti: 'chosen' }))).to.deep.equal({
      status: 400,
      message: 'unsupported claim `jti`',
    });
    const almost = masterKey.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'));
    expect(await answerOf(await issue({}, almost))).to.deep.equal({
      status: 403,
      message: 'rejecting request with untrusted opaque key',
    });
  });

  it('the master key is not handed to what it runs, not even to create tokens with', async function () {
    const { masterKey } = server;
    if (masterKey === undefined) return this.skip();
    const body = `module.exports = (ctx, cb) =>
      ctx.create_token({ ten: 'dev' }, (error) => cb(null, { refused: Boolean(error), token: ctx.token }));`;
    const url = `${server.url}/api/run/dev?webtask_share_token=1`;
    const answer = await fetch(url, { method: 'POST', headers: withToken(masterKey), body });
    expect(await answer.json()).to.deep.equal({ refused: true });
  });

  it('74. the payload has jti, iat, ca, dd and ten; the header has alg and kid alone', async () => {
    const first = await issued({ ten: 'dev', dd: 3 });
    const second = await issued({}, first);
    const { jti, iat, ca, dd, ten } = claimsOf(second);
    expect(jti).to.match(/^[0-9a-f]{32}$/);
    expect(iat).to.be.closeTo(seconds(), 60);
    expect({ dd, ten }).to.deep.equal({ dd: 2, ten: 'dev' });
    expect(ca.slice(-2)).to.deep.equal([claimsOf(server.token).jti, claimsOf(first).jti]);
    expect(headerOf(second)).to.have.all.keys('alg', 'kid');
  });

  it('75. a token of depth 0 issues nothing', async () => {
    const token = await issued({ ten: 'dev', dd: 0 });
    expect(await answerOf(await issue({ ten: 'dev' }, token))).to.deep.equal({
      status: 400,
      message: 'The authentication webtask token cannot be used to issue new webtask tokens.',
    });
  });

  it('76. a token for one container neither runs nor manages another', async () => {
    const refused = { status: 403, message: 'not authorized to perform operation on tenant `other`' };
    const token = await issued({ ten: 'dev', code: HELLO });
    expect(await answerOf(await runWith(token, 'other'))).to.deep.equal(refused);
    for (const [method, path] of [
      ['GET', '/api/webtask/other'],
      ['GET', '/api/webtask/other/x'],
      ['DELETE', '/api/webtask/other/x'],
    ] as const) {
      expect(await answerOf(await server.call(method, path))).to.deep.equal(refused);
    }
    expect((await issue({ ten: 'other' })).status).to.equal(400);
    const whole = await server.call('GET', '/api/webtask');
    expect(await answerOf(whole)).to.deep.equal({
      status: 403,
      message: 'insufficient permissions to call administrative API',
    });
  });

  it('77. a token may be for a list of containers, and for a regular expression', async function () {
    if (server.masterKey === undefined) return this.skip();
    for (const ten of ['/^foo[0-9]$/', 'foo1,foo2']) {
      const token = await issued({ ten, code: HELLO }, server.masterKey);
      expect((await runWith(token, 'foo1')).status).to.equal(200);
      expect((await runWith(token, 'foo2')).status).to.equal(200);
      expect((await runWith(token, 'foo10')).status).to.equal(403);
      expect((await runWith(token, 'foo')).status).to.equal(403);
    }
    expect(await answerOf(await issue({ ten: '/(?=foo)/' }, server.masterKey))).to.include({ status: 400 });
  });

  it('78. a token is good between nbf and exp', async () => {
    const expired = await issued({ ten: 'dev', code: HELLO, exp: seconds() - 5 });
    expect(await answerOf(await runWith(expired))).to.deep.equal({ status: 403, message: 'expired JWT token' });
    const early = await issued({ ten: 'dev', code: HELLO, nbf: seconds() + 60 });
    expect(await answerOf(await runWith(early))).to.deep.equal({ status: 403, message: 'not yet valid JWT token' });
  });

  it('79. a token with a wrong signature, or of an unknown key, is refused', async () => {
    const [header = '', payload = '', signature = ''] = (await issued({ ten: 'dev' })).split('.');
    const flipped = Buffer.from(signature, 'base64url').map((byte, index) => (index === 0 ? byte ^ 1 : byte));
    const wrong = `${header}.${payload}.${Buffer.from(flipped).toString('base64url')}`;
    expect(await answerOf(await runWith(wrong))).to.deep.equal({
      status: 403,
      message: 'rejecting request with JWT token that fails signature validation',
    });
    const other = Buffer.from(JSON.stringify({ alg: 'HS256', kid: 'unknown' })).toString('base64url');
    expect(await answerOf(await runWith(`${other}.${payload}.${signature}`))).to.deep.equal({
      status: 403,
      message: UNTRUSTED,
    });
  });

  it('80. a nameless run needs a credential, a named one does not', async () => {
    expect(await answerOf(await fetch(`${server.url}/api/run/dev`, { method: 'POST', body: HELLO }))).to.deep.equal({
      status: 403,
      message: 'rejecting request without Authorization header or key URL query parameter',
    });
    const unexpected = await server.call('POST', '/api/run/dev', { headers: { Authorization: 'Basic YTpi' } });
    expect(await answerOf(unexpected)).to.deep.equal({
      status: 403,
      message: 'rejecting request with unexpected Authorization header',
    });
    await server.create('e80', HELLO);
    expect(await (await server.run('e80')).json()).to.equal('Hello');
  });

  it('81. `?key=` works wherever Bearer does', async () => {
    const token = await issued({ ten: 'dev', code: HELLO });
    const answer = await fetch(`${server.url}/api/run/dev?key=${token}`);
    expect(await answer.json()).to.equal('Hello');
    const list = await fetch(`${server.url}/api/webtask/dev?key=${server.token}`);
    expect(list.status).to.equal(200);
    const child = await fetch(`${server.url}/api/tokens/issue?key=${server.token}`, { method: 'POST' });
    expect(child.status).to.equal(200);
  });

  it('82. what a caller says in Authorization reaches a named webtask unchanged', async () => {
    await server.create('e82', 'module.exports = (ctx, cb) => cb(null, { is: ctx.headers.authorization })');
    for (const Authorization of ['Bearer of anything', 'Basic YTpi', `Bearer ${server.token}`]) {
      const answer = await server.run('e82', { headers: { Authorization } });
      expect(await answer.json()).to.deep.equal({ is: Authorization });
    }
  });

  it('83. url together with code is refused, and an unknown claim by its name', async () => {
    const both = await answerOf(await issue({ ten: 'dev', url: 'https://example.com/a.js', code: HELLO }));
    expect(both).to.deep.equal({ status: 400, message: 'claim `url` cannot be set together with claim `code`' });
    expect(await answerOf(await issue({ ten: 'dev', auth: 1 }))).to.deep.equal({
      status: 400,
      message: 'unsupported claim `auth`',
    });
    expect(await answerOf(await issue({ ten: 5 }))).to.deep.include({ status: 400 });
  });

  it('84. a child cannot raise container limits, extend exp, or leave the containers of its parent', async () => {
    const exp = seconds() + 60;
    const parent = await issued({ ten: 'dev', dd: 1, ls: 5, exp });
    for (const claims of [{ ls: 6 }, { ls: 4 }, { exp: exp + 1 }, { ten: 'other' }, { ten: '/./' }, { ten: 'dev,o' }]) {
      expect(await answerOf(await issue(claims, parent)), JSON.stringify(claims)).to.include({ status: 400 });
    }
    expect(claimsOf(await issued({ lm: 9 }, parent))).to.include({ ten: 'dev', ls: 5, lm: 9, exp, dd: 0 });
  });

  it('86. revoking a parent ends all that descend from it', async () => {
    const parent = await issued({ ten: 'dev', dd: 3 });
    const child = await issued({ dd: 2 }, parent);
    const grandchild = await issued({ ten: 'dev', jtn: 'e86', code: HELLO }, child);
    expect((await server.run('e86')).status).to.equal(200);
    expect((await server.call('POST', `/api/tokens/revoke?token=${parent}`)).status).to.equal(200);
    const revoked = { status: 403, message: 'token is revoked' };
    expect(await answerOf(await server.run('e86'))).to.deep.equal(revoked);
    expect(await answerOf(await runWith(grandchild))).to.deep.equal(revoked);
    expect(await answerOf(await issue({}, child))).to.deep.equal(revoked);
    if (!server.isOwn) return;
    await server.restart();
    expect(await answerOf(await runWith(grandchild))).to.deep.equal(revoked);
  });

  it('87. dr 1 keeps a token from revoking itself; others may revoke none but their descendants', async () => {
    const kept = await issued({ ten: 'dev', dr: 1, code: HELLO });
    const refused = await server.call('POST', `/api/tokens/revoke?token=${kept}`, { headers: withToken(kept) });
    expect(await answerOf(refused)).to.include({ status: 403 });
    expect((await runWith(kept)).status).to.equal(200);

    const parent = await issued({ ten: 'dev', dd: 1 });
    const free = await issued({ ten: 'dev', code: HELLO }, parent);
    for (const [token, by] of [
      [free, kept],
      [parent, free],
      [server.token, parent],
    ] as const) {
      const answer = await server.call('POST', `/api/tokens/revoke?token=${token}`, { headers: withToken(by) });
      expect(await answerOf(answer)).to.include({ status: 403 });
    }
    const self = await server.call('POST', `/api/tokens/revoke?token=${free}`, { headers: withToken(free) });
    expect(self.status).to.equal(200);
    expect((await runWith(free)).status).to.equal(403);
  });

  it('88. secrets cannot be read in the token, and are never sealed twice alike', async () => {
    const claims = {
      ten: 'dev',
      code: 'module.exports = (ctx, cb) => cb(null, ctx.secrets.KEY)',
      ectx: { KEY: 'hid-den' },
    };
    const [first, second] = [await issued(claims), await issued(claims)];
    for (const token of [first, second]) {
      const text = JSON.stringify(claimsOf(token));
      expect(text).to.not.include('hid-den');
      expect(text).to.not.include(Buffer.from('hid-den').toString('base64').slice(0, 8));
      expect(await (await runWith(token)).json()).to.equal('hid-den');
    }
    expect(claimsOf(first).ectx).to.not.equal(claimsOf(second).ectx);
  });
});

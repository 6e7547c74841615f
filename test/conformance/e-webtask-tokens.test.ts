import { expect } from 'chai';
import { useServer } from './server.ts';
import { answerOf, claimsOf, HELLO, seconds, tokenCalls, withToken } from './token-calls.ts';

describe('E. The tokens of webtasks', () => {
  const server = useServer();

  const { issue, issued, runWith } = tokenCalls(server);

  describe('inspecting a token', () => {
    const inspect = async (token: string, query = '', by = server.token) =>
      server.call('GET', `/api/tokens/inspect?token=${token}${query}`, { headers: withToken(by) });
    const code = 'module.exports = cb => cb()';

    it('gives its claims; secrets, code and metadata where they are asked for, with `true` or `1`', async () => {
      const token = await server.create('e-inspect', code, { ectx: { KEY: 'v' }, pctx: { p: 'q' }, meta: { m: 'n' } });
      const plain = (await (await inspect(token)).json()) as Record<string, unknown>;
      expect(plain).to.deep.equal({ ...claimsOf(token), webtask_url: `${server.url}/api/run/dev/e-inspect` });
      expect(plain.ectx).to.be.a('string');
      for (const on of ['true', '1']) {
        const whole = await (await inspect(token, `&decrypt=${on}&fetch_code=${on}&meta=${on}`)).json();
        expect(whole).to.deep.equal({ ...plain, ectx: { KEY: 'v' }, secrets: { KEY: 'v' }, code, meta: { m: 'n' } });
      }
      for (const off of ['0', 'false', '']) {
        const nothing = await (await inspect(token, `&decrypt=${off}&fetch_code=${off}&meta=${off}`)).json();
        expect(nothing).to.deep.equal(plain);
      }
    });

    it('gives empty code as empty code', async () => {
      const token = await server.create('e-empty', '');
      expect(await (await inspect(token, '&fetch_code=1')).json()).to.include({ code: '' });
    });

    it('is for those it descends from, and for who manages the webtask it is the token of', async () => {
      const stranger = await issued({ ten: 'dev', dd: 1 });
      const nameless = await issued({ ten: 'dev', code, ectx: { KEY: 'v' } });
      expect(await answerOf(await inspect(nameless, '&decrypt=1', stranger))).to.include({ status: 403 });
      expect(await answerOf(await inspect(nameless, '&decrypt=1', nameless))).to.include({ status: 403 });
      const named = await server.create('e-managed', code, { ectx: { KEY: 'v' } });
      expect((await inspect(named, '&decrypt=1', stranger)).status).to.equal(200);
      await server.create('e-managed', code);
      expect(await answerOf(await inspect(named, '&decrypt=1', stranger))).to.include({ status: 403 });
    });
  });

  describe('a token of a webtask', () => {
    it('manages nothing, since it is handed to whoever runs the webtask', async () => {
      const token = await issued({ ten: 'dev', code: HELLO, dd: 1 });
      const answer = await server.call('GET', '/api/webtask/dev', { headers: withToken(token) });
      expect(await answerOf(answer)).to.deep.equal({
        status: 403,
        message: 'insufficient permissions to call administrative API',
      });
    });

    it('hands its secrets on to its children, which nobody can read on the way', async () => {
      const secret = 'module.exports = (ctx, cb) => cb(null, ctx.secrets)';
      const parent = await issued({ ten: 'dev', code: secret, dd: 1, ectx: { KEY: 'v' } });
      const child = await issued({}, parent);
      expect(claimsOf(child).ectx).to.not.equal(claimsOf(parent).ectx);
      expect(await (await runWith(child)).json()).to.deep.equal({ KEY: 'v' });
      expect(await answerOf(await issue({ code: HELLO }, parent))).to.include({ status: 400 });
    });
  });

  describe('a token of a named webtask', () => {
    it('is not stored under its name where it only inherited it', async () => {
      const code = 'module.exports = (ctx, cb) => cb(null, ctx.token)';
      const token = await server.create('e-inherit', code);
      const child = await issued({ exp: seconds() + 60 }, token);
      expect(claimsOf(child)).to.include({ jtn: 'e-inherit' });
      expect(await (await server.run('e-inherit')).json()).to.equal(token);
      expect((await runWith(child)).status).to.equal(200);
    });

    it('runs with the metadata of the webtask, compiler and middleware included, however it is presented', async () => {
      const token = await server.create('e-meta', 'module.exports = (ctx, cb) => cb(null, ctx.meta)', {
        meta: { m: 'n' },
      });
      for (const presented of [token, await issued({}, token)]) {
        expect(await (await runWith(presented)).json()).to.deep.equal({ m: 'n' });
      }
    });
  });

  describe('an update without code', () => {
    it('keeps the code that the webtask has, and has new secrets', async () => {
      const shows = 'module.exports = (ctx, cb) => cb(null, ctx.secrets)';
      await server.create('e-update', shows, { ectx: { A: '1' } });
      await server.create('e-update', undefined, { ectx: { B: '2' } });
      expect(await (await server.run('e-update')).json()).to.deep.equal({ B: '2' });
    });

    it('is refused where there is none: whoever runs the webtask would bring their own', async () => {
      expect(await answerOf(await issue({ ten: 'dev', jtn: 'e-none' }))).to.deep.equal({
        status: 400,
        message: 'the webtask `e-none` has no code: send claim `code` or claim `url`',
      });
      expect((await server.run('e-none')).status).to.equal(404);
    });
  });
});

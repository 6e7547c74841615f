import { expect } from 'chai';
import { useServer } from './server.ts';

describe('F. webtasks that create tokens', () => {
  const server = useServer();

  describe('context.create_token and create_token_url', () => {
    const payload = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    const creating = (method: string) => `module.exports = (context, cb) => context.query.options
      ? context.${method}(JSON.parse(context.query.options), cb)
      : cb(null, { params: context.params, secrets: context.secrets });`;
    const ask = (name: string, options: unknown) =>
      server.run(`${name}?options=${encodeURIComponent(JSON.stringify(options))}`);

    it('issue a child of the token of the run, which runs the same code with its own parameters', async () => {
      const parent = await server.create('creating', creating('create_token'), { ectx: { A: '1' }, dd: 2 });
      const response = await ask('creating', {
        params: { p: 'q' },
        delegation_depth: 0,
        disable_self_revocation: true,
      });
      expect(response.status).to.equal(200);
      const token = (await response.json()) as string;
      const { jti, ca } = payload(parent);
      expect(payload(token)).to.deep.include({ dd: 0, dr: 1, pctx: { p: 'q' }, ca: [...ca, jti], ten: 'dev' });
      const ran = await fetch(`${server.url}/api/run/dev?key=${token}`);
      expect(await ran.json()).to.deep.equal({ params: { p: 'q' }, secrets: { A: '1' } });
    });

    it('give a URL at which the child runs', async () => {
      await server.create('creating', creating('create_token_url'), { dd: 2 });
      const url = (await (await ask('creating', { params: { p: 'q' } })).json()) as string;
      expect(url).to.match(/\/api\/run\/dev(\/creating$|\?key=)/);
      expect(await (await fetch(url)).json()).to.deep.equal({ params: { p: 'q' }, secrets: {} });
    });

    it('say that the token of the run can issue none', async () => {
      await server.create('creating', creating('create_token'), { dd: 0 });
      const response = await ask('creating', { params: {} });
      expect(response.status).to.equal(400);
      expect(((await response.json()) as { message: string }).message).to.equal(
        'The authentication webtask token cannot be used to issue new webtask tokens.',
      );
    });

    it('create nothing for code that a token did not fix, unless the caller shares it', async () => {
      const code = `module.exports = (context, cb) => context.create_token('https://example.com/x.js', cb)`;
      const headers = { 'Content-Type': 'text/plain' };
      const run = (query: string) =>
        fetch(`${server.url}/api/run/dev?key=${server.token}${query}`, { method: 'POST', headers, body: code });
      const refused = await run('');
      expect(refused.status).to.equal(400);
      expect(((await refused.json()) as { message: string }).message).to.equal(
        'No token can be created: the token of this run is not shared with the webtask.',
      );
      const shared = await run('&webtask_share_token=1');
      expect(payload((await shared.json()) as string)).to.include({ url: 'https://example.com/x.js', pb: 1, mb: 1 });
    });
  });
});

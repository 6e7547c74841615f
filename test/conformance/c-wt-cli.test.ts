import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { type Origin, startOrigin } from '../support/origin.ts';
import { ask } from '../support/server.ts';
import { useServer } from './server.ts';
import { answerOf, claimsOf, HELLO, tokenCalls, withToken } from './token-calls.ts';

const SHOW = `module.exports = (ctx, cb) => cb(null, { secrets: ctx.secrets, params: ctx.params, meta: ctx.meta,
  data: ctx.data, body: ctx.body === undefined ? 'none' : ctx.body });`;
const TYPE = { 'Content-Type': 'application/json' };

/** What the requests of wt-cli ask for; the client itself is in test/clients. */
describe('C. wt-cli, by its requests', () => {
  let files: Origin;
  const allowedOrigins: string[] = [];
  before(async () => {
    files = await startOrigin((_req, res) => res.end("module.exports = (cb) => cb(null, 'from elsewhere');"));
    allowedOrigins.push(files.origin);
  });
  const server = useServer({ allowedOrigins });
  const { issue } = tokenCalls(server);
  after(() => files.close());

  /** What `wt create` sends; the further claims are those of its options. */
  const create = (jtn: string, code: string, claims: object = { mb: 1 }) =>
    server.create(jtn, code, { dd: 0, ...claims });
  const shown = async (name: string, init?: RequestInit) =>
    (await (await server.run(name, init)).json()) as Record<string, unknown>;
  const inspect = async (name: string, query: string): Promise<Record<string, unknown>> => {
    const { token } = (await (await server.call('GET', `/api/webtask/dev/${name}`)).json()) as { token: string };
    const answer = await server.call('GET', `/api/tokens/inspect?token=${token}${query}`);
    return (await answer.json()) as Record<string, unknown>;
  };

  it('36. wt init with URL, token and container asks nothing; without a token it learns that it needs one', async () => {
    const { status, message } = await answerOf(await fetch(`${server.url}/api/description`));
    expect({ status, message: typeof message }).to.deep.equal({ status: 404, message: 'string' });
  });

  it('37. wt create prints the Location, and GET of that gives the result', async () => {
    const answer = await issue({ ten: 'dev', dd: 0, jtn: 'c37', code: HELLO, mb: 1 });
    expect(answer.headers.get('content-type')).to.match(/^text\//);
    expect(await (await fetch(answer.headers.get('location') ?? '')).text()).to.equal('"Hello"');
  });

  it('38. --secret, --param and --meta are ectx, pctx and meta, with mb, dr and dd', async () => {
    const claims = { ectx: { A: '1' }, pctx: { p: '1' }, meta: { k: 'v' }, mb: 1, dr: 1 };
    const token = await create('c38', SHOW, claims);
    expect(claimsOf(token))
      .to.deep.include({ pctx: { p: '1' }, mb: 1, dr: 1, dd: 0 })
      .and.not.to.have.property('meta');
    const { secrets, params, meta } = await shown('c38');
    expect({ secrets, params, meta }).to.deep.equal({ secrets: { A: '1' }, params: { p: '1' }, meta: { k: 'v' } });
  });

  it('39. a URL in the place of code is the claim url, and the server fetches from there', async function () {
    if (!server.isOwn) return this.skip(); // it cannot be told to fetch from here
    const url = `${files.origin}/x.js`;
    expect(claimsOf(await server.create('c39', undefined, { url, dd: 0 }))).to.include({ url });
    expect(await (await server.run('c39')).text()).to.equal('"from elsewhere"');
  });

  it('40. code from standard input is named by its MD5', async () => {
    const name = createHash('md5').update(HELLO).digest('hex');
    await create(name, HELLO);
    expect(await (await server.run(name)).text()).to.equal('"Hello"');
  });

  it('41. --no-merge --parse-body is pb 1 without mb', async () => {
    await create('c41', 'module.exports = (ctx, req, res) => res.end(JSON.stringify([ctx.body, ctx.data]))', { pb: 1 });
    const answer = await server.run('c41', { method: 'POST', headers: TYPE, body: '{"a":1}' });
    expect(await answer.json()).to.deep.equal([{ a: 1 }, {}]);
  });

  it('44. wt inspect --decrypt --fetch-code gets secrets as an object, the code and the metadata', async () => {
    await create('c44', HELLO, { ectx: { A: '1' }, meta: { k: 'v' } });
    expect(await inspect('c44', '&decrypt=true&fetch_code=true&meta=true')).to.deep.include({
      ectx: { A: '1' },
      code: HELLO,
      meta: { k: 'v' },
    });
  });

  it('45. wt inspect without --decrypt gets them sealed: here a JWE of five parts', async () => {
    await create('c45', HELLO, { ectx: { A: 'a secret' } });
    const { ectx } = await inspect('c45', '');
    expect(ectx).to.match(/^[\w-]+\.[\w-]*\.[\w-]+\.[\w-]+\.[\w-]+$/);
  });

  it('46. wt update issues what it inspected with other code, and the rest stays', async () => {
    const claims = { ectx: { A: '1' }, pctx: { p: '1' }, meta: { k: 'v' }, mb: 1, pb: 1, host: 'c46.test' };
    await create('c46', HELLO, claims);
    const { ectx, pctx, meta, mb, pb, host } = await inspect('c46', '&decrypt=true&meta=true');
    await create('c46', SHOW, { ectx, pctx, meta, mb, pb, host });
    expect(await inspect('c46', '&decrypt=true&meta=true&fetch_code=true')).to.deep.include({ ...claims, code: SHOW });
    expect(await shown('c46', { method: 'POST', headers: TYPE, body: '{"b":2}' })).to.deep.equal({
      secrets: { A: '1' },
      params: { p: '1' },
      meta: { k: 'v' },
      data: { A: '1', p: '1', b: 2 },
      body: { b: 2 },
    });
  });

  it('47. wt rm removes a webtask; the second time there is none', async () => {
    await create('c47', HELLO);
    const remove = async () => (await server.call('DELETE', '/api/webtask/dev/c47')).status;
    expect([await remove(), await remove()]).to.deep.equal([204, 404]);
  });

  it('49. wt cron create, ls, get, history, reschedule and rm', async () => {
    const token = await create('c49', HELLO);
    const path = '/api/cron/dev/c49';
    const call = async (method: string, rest = '', json?: object): Promise<unknown> =>
      (await server.call(method, path + rest, { json })).json();
    const schedule = '1-59/5 * * * *'; // what the client makes of 5m
    const job = { container: 'dev', name: 'c49', schedule, tz: 'UTC', state: 'active', token };
    expect(await call('PUT', '', { schedule, token, state: 'active' })).to.deep.include(job);
    const jobs = (await (await server.call('GET', '/api/cron/dev')).json()) as { name: string }[];
    expect(jobs.map(({ name }) => name)).to.include('c49');
    expect(await call('GET')).to.deep.include(job);
    expect(await call('GET', '/history?offset=0&limit=20')).to.be.an('array');
    expect(await call('PUT', '', { schedule: '0 9 * * 1', state: 'inactive', tz: 'Asia/Tokyo' })).to.deep.include({
      ...job,
      ...{ schedule: '0 9 * * 1', state: 'inactive', tz: 'Asia/Tokyo' },
    });
    expect((await server.call('DELETE', path)).status).to.equal(204);
  });

  it('50. wt cron get of a job that is not there is 404, with a message', async () => {
    expect(await answerOf(await server.call('GET', '/api/cron/dev/c50'))).to.include({ status: 404 });
  });

  it('53. wt create with a token that the server does not accept is 403, with a message', async () => {
    const [head, claims] = server.token.split('.');
    const answer = await issue({ ten: 'dev', jtn: 'c53', code: HELLO }, `${head}.${claims}.${'A'.repeat(43)}`);
    expect(await answerOf(answer)).to.deep.equal({
      status: 403,
      message: 'rejecting request with JWT token that fails signature validation',
    });
  });

  it('55. wt create --bundle learns the version of Node from code that it posts', async () => {
    const code = 'module.exports = function (cb) { cb(null, { version: process.version }); }';
    const url = `${server.url}/api/run/dev`;
    const answer = await fetch(url, { method: 'POST', headers: withToken(server.token), body: code });
    expect(((await answer.json()) as { version: string }).version).to.match(/^v\d+\.\d+\.\d+$/);
  });

  it('56. the page of wt edit is no 5xx', async () => {
    expect((await fetch(`${server.url}/edit/dev`)).status).to.be.below(500);
  });

  it('58. --host: the webtask is at http://{host}/{container}/{name}', async () => {
    await create('c58', HELLO, { host: 'c58.test' });
    const { status, body } = await ask(`${server.url}/dev/c58`, { headers: { Host: 'c58.test' } });
    expect({ status, body }).to.deep.equal({ status: 200, body: '"Hello"' });
  });
});

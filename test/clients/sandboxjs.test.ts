import { expect } from 'chai';
import { claimsOf, useBed } from './bed.ts';
import { failure, loadSandboxjs, type Sandbox } from './sandbox.ts';

const HELLO = "module.exports = function (cb) { cb(null, 'Hello'); };";
const GIVEN = 'module.exports = (context, cb) => cb(null, { data: context.data, secrets: context.secrets });';

describe('sandboxjs', function () {
  this.timeout(60_000);
  const bed = useBed();
  let sandbox: Sandbox;
  before(() => {
    sandbox = loadSandboxjs().init({ url: bed.url, container: 'dev', token: bed.token });
  });

  it('59. create with a name gives a URL without a key; without one, a URL with it', async () => {
    const named = await sandbox.create(HELLO, { name: 'named' });
    expect(named.claims).to.include({ jtn: 'named', ten: 'dev' });
    expect(named.url).to.equal(`${bed.url}/api/run/dev/named`);
    expect(named.claims).to.deep.equal(claimsOf(named.token));
    const anonymous = await sandbox.create(HELLO);
    expect(anonymous.claims).to.not.have.property('jtn');
    expect(anonymous.url).to.equal(`${bed.url}/api/run/dev?key=${anonymous.token}`);
    for (const webtask of [named, anonymous]) {
      expect(await webtask.run()).to.include({ statusCode: 200, text: '"Hello"' });
    }
  });

  it('59. createRaw and createUrl too', async () => {
    const raw = await sandbox.createRaw({ ten: 'dev', jtn: 'raw', code: HELLO, dd: 0 });
    expect(await raw.run()).to.include({ text: '"Hello"' });
    const url = await sandbox.createUrl({ code: HELLO, name: 'by-url' });
    expect(url).to.equal(`${bed.url}/api/run/dev/by-url`);
  });

  it('60. run of anonymous code passes the query on', async () => {
    const { body } = await sandbox.run(GIVEN, { query: { id: '7' }, secrets: { A: '1' } });
    expect(body).to.deep.equal({ data: { id: '7', A: '1' }, secrets: { A: '1' } });
  });

  it('60. run sends method, path, headers and body', async () => {
    const code = `module.exports = (context, req, res) => {
      res.end(JSON.stringify({ method: req.method, url: req.url, header: req.headers['x-a'], body: context.body }));
    };`;
    const { text } = await sandbox.run(code, {
      name: 'request',
      parse: 1,
      method: 'put',
      path: 'a/b',
      query: { q: '1' },
      headers: { 'x-a': 'b' },
      body: { c: 1 },
    });
    expect(JSON.parse(text)).to.deep.equal({
      method: 'PUT',
      url: '/api/run/dev/request/a/b?q=1',
      header: 'b',
      body: { c: 1 },
    });
  });

  it('61. getWebtask gives the token and URL that create gave', async () => {
    const created = await sandbox.create(GIVEN, { name: 'got', secrets: { A: '1' }, meta: { k: 'v' } });
    const found = await sandbox.getWebtask({ name: 'got', decrypt: true, fetch_code: true });
    expect(found.token).to.equal(created.token);
    expect(found.url).to.equal(created.url);
    expect(found).to.deep.include({ meta: { k: 'v' }, secrets: { A: '1' }, code: GIVEN });
    expect(await failure(sandbox.getWebtask({ name: 'missing' }))).to.include({ statusCode: 404 });
  });

  it('61. createWebtask, listWebtasks and removeWebtask', async () => {
    const made = await sandbox.createWebtask({ name: 'put', code: HELLO, secrets: { A: '1' }, meta: { put: '1' } });
    expect(made.meta).to.deep.equal({ put: '1' });
    expect(await made.run()).to.include({ text: '"Hello"' });
    const listed = await sandbox.listWebtasks({ meta: { put: '1' } });
    expect(listed.map(({ token, url }) => ({ token, url }))).to.deep.equal([{ token: made.token, url: made.url }]);
    expect(await sandbox.removeWebtask({ name: 'put' })).to.equal(true);
    expect(await failure(sandbox.removeWebtask({ name: 'put' }))).to.include({ statusCode: 404 });
    expect(await sandbox.listWebtasks({ meta: { put: '1' } })).to.deep.equal([]);
  });

  it('62. what a program answers with 404 or 500 does not reject run()', async () => {
    for (const status of [404, 500]) {
      const code = `module.exports = (context, req, res) => { res.writeHead(${status}); res.end('so'); };`;
      expect(await sandbox.run(code)).to.include({ statusCode: status, text: 'so' });
    }
    expect((await sandbox.run('module.exports = (cb) => cb(new Error("x"));')).statusCode).to.equal(400);
  });

  it('63. update({}) keeps code, secrets, params and metadata', async () => {
    const options = { name: 'kept', secrets: { A: '1' }, params: { p: '2' }, meta: { k: 'v' }, merge: true };
    const created = await sandbox.create(GIVEN, options);
    const updated = await created.update({});
    expect((await updated.run()).body).to.deep.equal({ data: { p: '2', A: '1' }, secrets: { A: '1' } });
    const claims = await updated.inspect({ decrypt: true, fetch_code: true, meta: true });
    expect(claims).to.deep.include({ ectx: { A: '1' }, pctx: { p: '2' }, meta: { k: 'v' }, mb: 1, code: GIVEN });
  });

  it('64. update({ url }) of a webtask that was made from code makes it one of that URL', async () => {
    bed.write('served/elsewhere.js', "module.exports = (cb) => cb(null, 'elsewhere');");
    const created = await sandbox.create(HELLO, { name: 'moved' });
    const url = `${bed.origin.origin}/elsewhere.js`;
    const updated = await created.update({ url });
    expect(updated.claims).to.include({ url }).and.not.have.property('code');
    expect(await updated.run()).to.include({ text: '"elsewhere"' });
  });

  it('65. update({ secrets: false }) takes the secrets away', async () => {
    const created = await sandbox.create(GIVEN, { name: 'bare', secrets: { A: '1' } });
    const updated = await created.update({ secrets: false });
    expect(await updated.inspect({ decrypt: true })).to.not.have.property('ectx');
    expect((await updated.run()).body).to.deep.equal({ data: {}, secrets: {} });
  });

  it('66. code that is an empty text can be stored, and is inspected as ""', async () => {
    const created = await sandbox.create('', { name: 'empty' });
    expect(await created.inspect({ fetch_code: true })).to.include({ code: '' });
  });

  it('67. storage begins empty, and gives back what was put in', async () => {
    await sandbox.create(HELLO, { name: 'stored' });
    expect((await sandbox.getStorage({ name: 'stored' })).data).to.deep.equal({});
    await sandbox.updateStorage({ data: { count: 1 } }, { name: 'stored' });
    const { data, etag } = await sandbox.getStorage({ name: 'stored' });
    expect(data).to.deep.equal({ count: 1 });
    expect(etag).to.be.a('string');
    expect(await failure(sandbox.getStorage({ name: 'missing' }))).to.include({ statusCode: 404 });
  });

  it('67. what a program stores is what the client reads', async () => {
    const code =
      'module.exports = (context, cb) => context.storage.set({ a: 1 }, { force: true }, (error) => cb(error, "ok"));';
    const webtask = await sandbox.create(code, { name: 'writer' });
    expect(await webtask.run()).to.include({ text: '"ok"' });
    expect((await sandbox.getStorage({ name: 'writer' })).data).to.deep.equal({ a: 1 });
  });

  it('68. updateStorage with an etag of before is a 409', async () => {
    await sandbox.create(HELLO, { name: 'raced' });
    await sandbox.updateStorage({ data: { n: 1 } }, { name: 'raced' });
    const { etag } = await sandbox.getStorage({ name: 'raced' });
    await sandbox.updateStorage({ data: { n: 2 }, etag }, { name: 'raced' });
    expect(await failure(sandbox.updateStorage({ data: { n: 3 }, etag }, { name: 'raced' }))).to.include({
      statusCode: 409,
    });
    expect((await sandbox.getStorage({ name: 'raced' })).data).to.deep.equal({ n: 2 });
  });

  it('70. ensureNodeModules gives the state of each module', async function () {
    this.timeout(120_000);
    const modules = [
      { name: 'lodash', version: '4.17.4' },
      { name: 'async', version: '2.2.0' },
    ];
    const states = await sandbox.ensureNodeModules({ modules });
    expect(states.map(({ name, version }) => ({ name, version }))).to.deep.equal(modules);
    for (const { state } of states) expect(state).to.be.oneOf(['queued', 'available']);
  });

  it('72. fromToken finds the container in the token', async () => {
    const { fromToken } = loadSandboxjs();
    expect(fromToken(bed.token, { url: bed.url })).to.include({ container: 'dev' });
    const pattern = await bed.mint(['--container', '/^foo[0-9]$/']);
    expect(fromToken(pattern, { url: bed.url }).container).to.match(/^foo[0-9]$/);
  });

  it("73. the headers of tokens, the operator's and issued ones, have alg and kid and no typ", async () => {
    const header = (token: string) => JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString());
    const issued = await sandbox.createTokenRaw({ ten: 'dev', dd: 1 });
    for (const token of [bed.token, issued]) {
      expect(header(token)).to.have.all.keys('alg', 'kid').and.include({ alg: 'HS256' });
    }
  });
});

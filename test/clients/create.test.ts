import { expect } from 'chai';
import { call, claimsOf, useBed } from './bed.ts';

const HELLO = "module.exports = function (cb) { cb(null, 'Hello'); };\n";
/** Answers with what it was given. */
const GIVEN = `module.exports = function (context, cb) {
  const { data, params, secrets, meta, body } = context;
  cb(null, { data, params, secrets, meta, body });
};\n`;
const RAW = `module.exports = function (context, req, res) {
  res.end(JSON.stringify({ body: context.body, data: context.data }));
};\n`;

const created = (url: string, action = 'created'): string =>
  `Webtask ${action}\n\nYou can access your webtask at the following url:\n\n${url}\n`;

describe('wt create', function () {
  this.timeout(60_000);
  const bed = useBed();
  before(() => bed.write('hello.js', HELLO));
  const post = (body: unknown) => ({
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

  /** Creates a webtask, and gives its URL, name, container and token. */
  async function create(args: readonly string[], input = '') {
    const stdout = await bed.ok(['create', ...args, '-o', 'json', '--show-token'], { input });
    return JSON.parse(stdout) as { url: string; name: string; container: string; token: string };
  }

  it('37. wt create prints the URL at which the webtask answers', async () => {
    const url = `${bed.url}/api/run/dev/hello`;
    expect(await bed.ok(['create', 'hello.js'])).to.equal(created(url));
    const { status, text, headers } = await call(url);
    expect({ status, text }).to.deep.equal({ status: 200, text: '"Hello"' });
    expect(headers['content-type']).to.match(/^application\/json/);
  });

  it('38. wt create --secret --param --meta puts each where the program finds it', async () => {
    bed.write('given.js', GIVEN);
    const options = ['--secret', 'A=secret-value', '--param', 'p=1', '--meta', 'k=v'];
    const { token, ...rest } = await create(['given.js', ...options]);
    expect(rest).to.deep.equal({ url: `${bed.url}/api/run/dev/given`, name: 'given', container: 'dev' });
    const { ectx, ...claims } = claimsOf(token);
    expect(claims).to.deep.include({ ten: 'dev', jtn: 'given', pctx: { p: '1' }, mb: 1, dr: 1, dd: 0 });
    expect(ectx).to.be.a('string');
    expect(JSON.stringify(claims)).to.not.include('secret-value');
    const { text } = await bed.call('given', post({ b: 2, A: 'body' }));
    expect(JSON.parse(text)).to.deep.equal({
      data: { p: '1', A: 'secret-value', b: 2 },
      params: { p: '1' },
      secrets: { A: 'secret-value' },
      meta: { k: 'v' },
      body: { b: 2, A: 'body' },
    });
  });

  it('38. --secrets-file and --meta-file add to them, and the options win', async () => {
    bed.write('secrets.env', 'A=file\nB=file\n');
    bed.write('meta.env', 'k=file\nm=file\n');
    const files = ['--secrets-file', 'secrets.env', '--meta-file', 'meta.env'];
    await create(['given.js', '--name', 'files', '--secret', 'A=1', '--meta', 'k=v', ...files]);
    const { secrets, meta } = JSON.parse((await bed.call('files')).text);
    expect({ secrets, meta }).to.deep.equal({ secrets: { A: '1', B: 'file' }, meta: { k: 'v', m: 'file' } });
  });

  it('39. wt create with a URL has the server fetch the code when it runs', async () => {
    bed.write('served/far.js', HELLO);
    const before = bed.origin.requests.length;
    const { url, token } = await create([`${bed.origin.origin}/far.js`]);
    expect(claimsOf(token)).to.include({ url: `${bed.origin.origin}/far.js`, jtn: 'far' });
    expect(bed.origin.requests.length).to.equal(before);
    expect((await call(url)).text).to.equal('"Hello"');
    expect(bed.origin.requests.length).to.equal(before + 1);
  });

  it('39. --capture has the client fetch it, and the server keeps it', async () => {
    bed.write('served/captured.js', HELLO);
    const { url } = await create([`${bed.origin.origin}/captured.js`, '--capture']);
    const before = bed.origin.requests.length;
    expect((await call(url)).text).to.equal('"Hello"');
    expect(bed.origin.requests.length).to.equal(before);
  });

  it('40. wt create reads code from its standard input', async () => {
    const { url } = await create(['--name', 'piped'], "return function (cb) { cb(null, 'piped'); };");
    expect(url).to.equal(`${bed.url}/api/run/dev/piped`);
    expect((await call(url)).text).to.equal('"piped"');
  });

  it('41. --no-merge --parse-body: the body is parsed even for (context, req, res), and stays out of data', async () => {
    bed.write('raw.js', RAW);
    const { token } = await create(['raw.js', '--no-merge', '--parse-body', '--no-parse', '--prod']);
    expect(claimsOf(token)).to.include({ pb: 1 }).and.not.have.property('mb');
    const { text } = await bed.call('raw', post({ b: 2 }));
    expect(JSON.parse(text)).to.deep.equal({ body: { b: 2 }, data: {} });
  });

  it('a webtask is created again under its name, and the next request sees it', async () => {
    await create(['--name', 'again'], "module.exports = cb => cb(null, 'first')");
    expect((await bed.call('again')).text).to.equal('"first"');
    await create(['--name', 'again'], "module.exports = cb => cb(null, 'second')");
    expect((await bed.call('again')).text).to.equal('"second"');
  });

  it('every character that the client allows in a name names a webtask', async () => {
    const name = 'a-Z0._~!$+=:@z';
    const { url } = await create(['--name', name], HELLO);
    expect((await call(url)).text).to.equal('"Hello"');
    expect((await bed.call(name)).text).to.equal('"Hello"');
    expect((await bed.call(encodeURIComponent(name))).text).to.equal('"Hello"');
    expect(await bed.ok(['rm', name])).to.equal(`Removed webtask: ${name}\n`);
  });

  it('a package.json beside the file gives the name, and is left alone with --ignore-package-json', async () => {
    bed.write('packaged/package.json', JSON.stringify({ name: 'from-package' }));
    bed.write('packaged/index.js', HELLO);
    const stdout = await bed.ok(['create', 'packaged/index.js']);
    expect(stdout).to.match(/^\* Hint: A package\.json file has been detected/);
    expect(stdout.endsWith(created(`${bed.url}/api/run/dev/from-package`))).to.equal(true);
    expect(await bed.ok(['create', 'packaged/index.js', '--ignore-package-json'])).to.equal(
      created(`${bed.url}/api/run/dev/index`),
    );
  });

  it('37. wt create -o json prints name, container and URL, and the token where it is asked for', async () => {
    const shown = { url: `${bed.url}/api/run/dev/hello`, name: 'hello', container: 'dev' };
    expect(JSON.parse(await bed.ok(['create', 'hello.js', '-o', 'json']))).to.deep.equal(shown);
    const { token, ...rest } = JSON.parse(await bed.ok(['create', 'hello.js', '-o', 'json', '--show-token']));
    expect(rest).to.deep.equal(shown);
    expect(claimsOf(token)).to.include({ jtn: 'hello', ten: 'dev' });
  });

  it('53. a token that the server does not accept ends in exit code 8 and the reason', async () => {
    const inline = ['--url', bed.url, '--container', 'dev', '--token', `${bed.token.slice(0, -4)}AAAA`];
    const { status, stderr } = await bed.wt(['create', 'hello.js', ...inline]);
    expect({ status, stderr }).to.deep.equal({
      status: 8,
      stderr: 'Error creating webtask: rejecting request with JWT token that fails signature validation\n',
    });
  });

  it('any other refusal ends in exit code 99 and the reason', async () => {
    const { status, stderr } = await bed.wt(['create', 'hello.js', '--param', 'WEBTASK_X=1']);
    expect(status).to.equal(99);
    expect(stderr).to.match(/^Uncaught error: {2}.*WEBTASK_X/);
  });

  it('55. --bundle learns the version of Node from an anonymous run, and uploads what it bundled', async () => {
    bed.write('bundled/part.js', "module.exports = 'from another file';\n");
    bed.write('bundled/main.js', "const part = require('./part');\nmodule.exports = (cb) => cb(null, part);\n");
    const { url } = await create(['bundled/main.js', '--bundle', '--name', 'bundled']);
    expect((await call(url)).text).to.equal('"from another file"');
  });

  it('57. the master key is a token for any container, and names no container itself', async () => {
    const inline = ['--url', bed.url, '--container', 'any', '--token', bed.masterKey];
    const stdout = await bed.ok(['create', 'hello.js', '--name', 'mastered', '--show-token', '-o', 'json', ...inline]);
    expect(claimsOf(JSON.parse(stdout).token)).to.deep.include({ ten: 'any', jtn: 'mastered', ca: [] });
    const listed = JSON.parse(await bed.ok(['ls', '-o', 'json', ...inline])) as { name: string; url: string }[];
    expect(listed.map(({ name }) => name)).to.deep.equal(['mastered']);
    expect((await call(listed[0]?.url ?? '')).text).to.equal('"Hello"');
    await bed.ok(['rm', 'mastered', ...inline]);
  });

  it('58. --host: the webtask answers at http://{host}/{container}/{name} too', async () => {
    const { token } = await create(['hello.js', '--name', 'hosted', '--host', 'tasks.example.com']);
    expect(claimsOf(token)).to.include({ host: 'tasks.example.com' });
    const { status, text } = await bed.call('', { path: '/dev/hosted', headers: { host: 'tasks.example.com' } });
    expect({ status, text }).to.deep.equal({ status: 200, text: '"Hello"' });
    expect((await bed.call('', { path: '/dev/hosted' })).status).to.equal(404);
  });
});

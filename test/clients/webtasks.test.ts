import { expect } from 'chai';
import { claimsOf, useBed } from './bed.ts';

const CODE = 'module.exports = function (context, cb) { cb(null, { first: context.secrets, data: context.data }); };\n';

/** What `wt inspect` printed, by name. */
function facts(stdout: string): Record<string, string> {
  return Object.fromEntries(
    stdout.split('\n').flatMap((line) => [...line.matchAll(/^(\S+):\s+(.*)$/g)].map((it) => [it[1], it[2]])),
  );
}

describe('wt ls, inspect, update, rm', function () {
  this.timeout(60_000);
  const bed = useBed();

  before(async function () {
    this.timeout(60_000);
    bed.write('task.js', CODE);
    const options = ['--secret', 'A=1', '--param', 'p=1', '--meta', 'k=v', '--meta', 'kind=x', '--parse-body'];
    await bed.ok(['create', 'task.js', ...options]);
    await bed.ok(['create', '--name', 'plain', '--meta', 'k=w', '--meta', 'kind=x'], { input: CODE });
    // An anonymous token is no named webtask.
    await bed.ok(['token', 'create', '--ten', 'dev', '--dd', '0', '--code', CODE]);
  });

  it('42. wt ls lists name and URL of the named webtasks, and says where the list ends', async () => {
    const shown = ['plain', 'task'].map(
      (name) => `Name:        ${name}\nURL:         ${bed.url}/api/run/dev/${name}\n\n`,
    );
    expect(await bed.ok(['ls'])).to.equal(
      `${shown.join('')}Successfully listed named webtasks 1 to 2.\nUse --verbose to display full details.\n`,
    );
    expect(await bed.ok(['ls', '--limit', '1'])).to.equal(
      `${shown[0]}Successfully listed named webtasks 1 to 1.\nTo list more try:\n$ wt ls --offset 1\nUse --verbose to display full details.\n`,
    );
    expect(await bed.ok(['ls', '--limit', '1', '--offset', '1'])).to.include(shown[1]);
    expect(await bed.ok(['ls', '--offset', '2'])).to.equal('You have fewer than 2 named webtasks.\n');
  });

  it('42. wt ls -o json lists name, URL and metadata, and tokens where asked for', async () => {
    const listed = JSON.parse(await bed.ok(['ls', '-o', 'json', '--show-token'])) as { token: string }[];
    expect(listed.map(({ token, ...rest }) => ({ ...rest, jtn: claimsOf(token).jtn }))).to.deep.equal([
      {
        container: 'dev',
        name: 'plain',
        url: `${bed.url}/api/run/dev/plain`,
        meta: { k: 'w', kind: 'x' },
        jtn: 'plain',
      },
      { container: 'dev', name: 'task', url: `${bed.url}/api/run/dev/task`, meta: { k: 'v', kind: 'x' }, jtn: 'task' },
    ]);
  });

  it('42. wt ls --details --verbose --show-token prints metadata, token and claims', async () => {
    const stdout = await bed.ok(['ls', '--details', '--verbose', '--show-token', '--meta', 'k=v']);
    expect(facts(stdout)).to.include({ 'Meta.k': 'v', 'Token.jtn': 'task', 'Token.ten': 'dev', 'Token.pb': '1' });
    expect(facts(stdout).Token).to.match(/^[\w-]+\.[\w-]+\.[\w-]+$/);
  });

  it('43. wt ls --meta filters, and the server takes several filters as one "and"', async () => {
    const names = (stdout: string): string[] => (JSON.parse(stdout) as { name: string }[]).map(({ name }) => name);
    expect(names(await bed.ok(['ls', '-o', 'json', '--meta', 'k=v']))).to.deep.equal(['task']);
    expect(names(await bed.ok(['ls', '-o', 'json', '--meta', 'kind=x']))).to.deep.equal(['plain', 'task']);
    expect(names(await bed.ok(['ls', '-o', 'json', '--meta', 'k=none']))).to.deep.equal([]);
    const headers = { authorization: `Bearer ${bed.token}` };
    const { text } = await bed.call('', { path: '/api/webtask/dev?meta=kind:x&meta=k:w', headers });
    expect(names(text)).to.deep.equal(['plain']);
  });

  it('44. wt inspect --decrypt --fetch-code shows secrets as an object, the code and the metadata', async () => {
    const stdout = await bed.ok(['inspect', 'task', '--decrypt', '--fetch-code']);
    expect(facts(stdout)).to.include({
      'Token.ectx': "{ A: '1' }",
      'Token.pctx': "{ p: '1' }",
      'Token.code': CODE.trim(),
      'Token.webtask_url': `${bed.url}/api/run/dev/task`,
      'Meta.k': 'v',
      'Meta.kind': 'x',
    });
  });

  it('45. wt inspect without --decrypt shows the sealed secrets: here a JWE of five parts', async () => {
    const claims = JSON.parse(await bed.ok(['inspect', 'task', '-o', 'json']));
    expect(claims.ectx).to.match(/^[\w-]+\.[\w-]*\.[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(claims).to.not.have.any.keys('secrets', 'code');
    expect(facts(await bed.ok(['inspect', 'task']))['Token.ectx']).to.equal(claims.ectx);
  });

  it('wt token inspect takes a token too', async () => {
    const [{ token }] = JSON.parse(await bed.ok(['ls', '-o', 'json', '--show-token', '--meta', 'k=v']));
    const claims = JSON.parse(await bed.ok(['token', 'inspect', token, '--decrypt', '-o', 'json']));
    expect(claims).to.deep.include({ jtn: 'task', ectx: { A: '1' }, meta: { k: 'v', kind: 'x' } });
  });

  it('wt inspect of a name that is not there ends in exit code 6', async () => {
    const { status, stderr } = await bed.wt(['inspect', 'missing']);
    expect(status).to.equal(6);
    expect(stderr).to.match(/missing/);
  });

  it('46. wt update keeps secrets, params, host, metadata and the settings of the body', async () => {
    const settings = ['--secret', 'A=1', '--param', 'p=1', '--meta', 'k=v', '--host', 'kept.example.com'];
    await bed.ok(['create', 'task.js', '--name', 'kept', ...settings, '--parse-body']);
    const kept = ({ ectx, pctx, host, meta, mb, pb }: Record<string, unknown>) => ({ ectx, pctx, host, meta, mb, pb });
    const inspect = async () => JSON.parse(await bed.ok(['inspect', 'kept', '--decrypt', '-o', 'json']));
    const before = kept(await inspect());
    expect(before).to.deep.equal({
      ectx: { A: '1' },
      pctx: { p: '1' },
      host: 'kept.example.com',
      meta: { k: 'v' },
      mb: 1,
      pb: 1,
    });
    bed.write('task2.js', CODE.replace('first', 'second'));
    const { stdout } = await bed.wt(['update', 'kept', 'task2.js']);
    expect(stdout).to.match(/^Webtask updated\n\nYou can access your webtask at the following url:\n\nhttp/);
    expect(kept(await inspect())).to.deep.equal(before);
    expect(JSON.parse((await bed.call('kept?q=1')).text)).to.deep.equal({
      second: { A: '1' },
      data: { q: '1', p: '1', A: '1' },
    });
  });

  it('46. wt update takes code from standard input, from a URL, and from one that it captures', async () => {
    const claimsAfter = async () => JSON.parse(await bed.ok(['inspect', 'moved', '-o', 'json', '--fetch-code']));
    await bed.ok(['create', 'task.js', '--name', 'moved', '--secret', 'A=1']);
    await bed.ok(['update', 'moved'], { input: "module.exports = (cb) => cb(null, 'typed');\n" });
    expect((await bed.call('moved')).text).to.equal('"typed"');
    bed.write('served/moved.js', "module.exports = (cb) => cb(null, 'served');\n");
    const url = `${bed.origin.origin}/moved.js`;
    await bed.ok(['update', 'moved', url]);
    expect((await bed.call('moved')).text).to.equal('"served"');
    expect(await claimsAfter()).to.include({ url });
    await bed.ok(['update', 'moved', url, '--capture']);
    expect((await claimsAfter()).url).not.to.equal(url);
    expect((await bed.call('moved')).text).to.equal('"served"');
  });

  it('46. wt update --bundle uploads the bundle of several files', async () => {
    bed.write('parts/part.js', "module.exports = 'of a part';\n");
    bed.write('parts/whole.js', "const part = require('./part');\nmodule.exports = (cb) => cb(null, part);\n");
    await bed.ok(['create', 'task.js', '--name', 'whole']);
    await bed.ok(['update', 'whole', 'parts/whole.js', '--bundle', '--bundle-minify']);
    expect((await bed.call('whole')).text).to.equal('"of a part"');
  });

  it('46. wt update of a name that is not there ends in exit code 99 and the reason', async () => {
    const { status, stderr } = await bed.wt(['update', 'missing', 'task.js']);
    expect(status).to.equal(99);
    expect(stderr).to.match(/^Uncaught error: {2}there is no webtask `missing` in `dev`\n/);
  });

  it('wt ls with a token that the server does not accept ends in exit code 6 and the reason', async () => {
    const inline = ['--url', bed.url, '--container', 'other', '--token', bed.token];
    const { status, stderr } = await bed.wt(['ls', ...inline]);
    expect({ status, stderr }).to.deep.equal({
      status: 6,
      stderr: 'not authorized to perform operation on tenant `other`\n',
    });
  });

  it('47. wt rm removes a webtask; the second time it ends in exit code 5', async () => {
    await bed.ok(['create', '--name', 'gone'], { input: CODE });
    expect((await bed.call('gone')).status).to.equal(200);
    expect(await bed.ok(['rm', 'gone'])).to.equal('Removed webtask: gone\n');
    const { status, stderr } = await bed.wt(['rm', 'gone']);
    expect({ status, stderr }).to.deep.equal({ status: 5, stderr: 'No such webtask: gone\n' });
    const { status: after, text } = await bed.call('gone');
    expect(after).to.equal(404);
    expect(JSON.parse(text)).to.include({ code: 404 });
  });

  it('47. wt rm --silent says nothing', async () => {
    await bed.ok(['create', '--name', 'gone'], { input: CODE });
    expect(await bed.ok(['rm', 'gone', '--silent'])).to.equal('');
  });

  it('56. wt edit prints a URL that the server answers, with no 5xx', async function () {
    if (process.platform !== 'linux') return this.skip(); // elsewhere it would open the browser
    const stdout = await bed.ok(['edit', 'task'], { env: { BROWSER: 'true' } });
    expect(stdout).to.include(`\n${bed.url}/edit/dev#/task/${bed.token}\n`);
    expect((await bed.call('', { path: '/edit/dev' })).status).to.be.below(500);
  });

  it('wt browse opens the URL of the run', async function () {
    if (process.platform !== 'linux') return this.skip(); // elsewhere it would open the browser
    const stdout = await bed.ok(['browse', 'task'], { env: { BROWSER: 'true' } });
    expect(stdout).to.equal('Browsing task in your browser...\n');
    expect((await bed.call('task/')).status).to.equal(200);
  });
});

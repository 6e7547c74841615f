import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type KeySet, loadKeySet } from '../../../runtime/token/index.ts';
import { exportContainer, importWebtasks, isComplete, type Remote, type Row } from '../../../runtime/transfer/index.ts';
import { refusalOf } from '../../support/refusal.ts';
import { startTestServer, type TestServer } from '../../support/server.ts';

const CODE = 'module.exports = (ctx, cb) => ctx.storage.get((e, d) => cb(e, { d, s: ctx.secrets.S, m: ctx.meta.m }));';

describe('webtasks that are moved', function () {
  this.timeout(60_000); // each asks two servers many times

  let old: TestServer;
  let fresh: TestServer;
  let keyFolder: string;
  let keys: KeySet;
  let folder: string;
  let from: Remote;
  let to: Remote;

  before(async () => {
    keyFolder = await mkdtemp(join(tmpdir(), 'wt-'));
    keys = await loadKeySet({ dataFolder: keyFolder, env: {} });
    [old, fresh] = await Promise.all([startTestServer(), startTestServer()]);
  });

  after(() => Promise.all([old.close(), fresh.close(), rm(keyFolder, { recursive: true })]));

  let containers = 0;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wt-'));
    const container = `c${containers++}`;
    from = { server: old.url, container, token: old.sign({ ten: container, dd: 5 }) };
    to = { server: fresh.url, container, token: fresh.sign({ ten: container, dd: 5 }) };
  });

  afterEach(() => rm(folder, { recursive: true }));

  async function call(remote: Remote, method: string, path: string, body?: object): Promise<unknown> {
    const answer = await fetch(`${remote.server}/api/${path.replace('{c}', remote.container)}`, {
      method,
      headers: { Authorization: `Bearer ${remote.token}`, ...(body && { 'Content-Type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${text}`);
    return text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text;
  }
  const create = (name: string, more: object = {}) =>
    call(from, 'POST', 'tokens/issue', { ten: from.container, jtn: name, code: CODE, ...more });
  const store = (remote: Remote, name: string, data: string) =>
    call(remote, 'PUT', `webtask/{c}/${name}/data`, { data });
  const runAt = async (remote: Remote, name: string): Promise<unknown> =>
    (await fetch(`${remote.server}/api/run/${remote.container}/${name}`)).json();
  const leave = () => exportContainer({ remote: from, folder, keys });
  const arrive = (replace = false) => importWebtasks({ from: { folder }, to, replace, loadKeys: async () => keys });
  const manifest = async () => JSON.parse(await readFile(join(folder, 'webtask.json'), 'utf8'));
  const row = (name: string, code: string, secrets: string, storage: string, cron: string, reasons: string[] = []) =>
    ({ name, code, secrets, storage, cron, reasons }) as Row;

  it('come over whole from a server that still answers, and a second time changes nothing', async () => {
    await create('full', { ectx: { S: 'shh' }, meta: { m: '1' }, pb: 1, pctx: { p: 'x' }, lts: 7 });
    await store(from, 'full', '{"n":1}');
    await create('bare');
    const move = () => importWebtasks({ from: { remote: from }, to, replace: false, loadKeys: async () => keys });
    const report = await move();
    expect(report).to.deep.equal({
      container: to.container,
      from: old.url,
      to: fresh.url,
      webtasks: [row('bare', 'created', 'none', 'none', 'none'), row('full', 'created', 'created', 'created', 'none')],
    });
    expect(await runAt(to, 'full')).to.deep.equal({ d: { n: 1 }, s: 'shh', m: '1' });
    const [, full] = (await call(to, 'GET', 'webtask/{c}')) as { token: string }[];
    const claims = JSON.parse(Buffer.from(full?.token.split('.')[1] ?? '', 'base64url').toString());
    expect(claims).to.deep.include({ pb: 1, pctx: { p: 'x' }, lts: 7 });

    const again = await move();
    expect(again.webtasks).to.deep.equal([
      row('bare', 'unchanged', 'none', 'none', 'none'),
      row('full', 'unchanged', 'unchanged', 'unchanged', 'none'),
    ]);
    const [, later] = (await call(to, 'GET', 'webtask/{c}')) as { token: string }[];
    expect(later?.token).to.equal(full?.token);
  });

  it('come over by way of a folder, secrets sealed to a certificate', async () => {
    await create('full', { ectx: { S: 'shh' }, meta: { m: '1' } });
    await store(from, 'full', '{"n":1}');
    const sealed = await exportContainer({ remote: from, folder, keys });
    expect(sealed.webtasks).to.deep.equal([row('full', 'written', 'written', 'written', 'none')]);
    expect(await readFile(join(folder, 'webtask.json'), 'utf8')).to.not.include('shh');
    expect((await arrive()).webtasks).to.deep.equal([row('full', 'created', 'created', 'created', 'none')]);
    expect(await runAt(to, 'full')).to.deep.equal({ d: { n: 1 }, s: 'shh', m: '1' });
    expect((await arrive()).webtasks).to.deep.equal([row('full', 'unchanged', 'unchanged', 'unchanged', 'none')]);
  });

  it('leave secrets behind where nobody asked for them, and say so', async () => {
    await create('full', { ectx: { S: 'shh' } });
    const report = await exportContainer({ remote: from, folder });
    const reasons = ['secrets: they were not asked for'];
    expect(report.webtasks).to.deep.equal([row('full', 'written', 'left out', 'none', 'none', reasons)]);
    expect(isComplete(report)).to.equal(true);
    expect((await arrive()).webtasks).to.deep.equal([row('full', 'created', 'left out', 'none', 'none', reasons)]);
    expect((await arrive()).webtasks).to.deep.equal([row('full', 'unchanged', 'left out', 'none', 'none', reasons)]);
  });

  it('take no secrets that were sealed for another webtask', async () => {
    await create('a', { ectx: { S: 'shh' } });
    await leave();
    const exported = await manifest();
    exported.webtasks[0].name = 'b';
    await writeFile(join(folder, 'webtask.json'), JSON.stringify(exported));
    const { webtasks } = await arrive();
    expect(webtasks[0]).to.include({ name: 'b', secrets: 'failed' });
    expect(webtasks[0]?.reasons[0]).to.match(/^secrets: /);
  });

  it('are one folder that people can read and edit, closed to everybody else, and the same each time', async () => {
    await create('hello', { meta: { m: '1' } });
    await create('Hello');
    await create('~a!$+=:@');
    await store(from, 'hello', '{"n":12345678901234567890}');
    await leave();
    expect(await manifest()).to.deep.equal({
      webtask_export: 1,
      container: from.container,
      webtasks: [
        { name: 'Hello', code: 'code/hello-185f8db3.js' },
        { name: 'hello', code: 'code/hello.js', storage: 'storage/hello.json', meta: { m: '1' } },
        { name: '~a!$+=:@', code: 'code/a-c4e9d6c4.js' },
      ],
    });
    expect(await readFile(join(folder, 'code/hello.js'), 'utf8')).to.equal(CODE);
    if (process.platform !== 'win32') {
      const modes = await Promise.all(['code', 'code/hello.js', 'webtask.json'].map((it) => stat(join(folder, it))));
      expect(modes.map(({ mode }) => (mode & 0o777).toString(8))).to.deep.equal(['700', '600', '600']);
    }
    const first = await readFile(join(folder, 'webtask.json'), 'utf8');
    await leave();
    expect(await readFile(join(folder, 'webtask.json'), 'utf8')).to.equal(first);
    await call(from, 'DELETE', 'webtask/{c}/Hello');
    await leave();
    expect((await readdir(join(folder, 'code'))).toSorted()).to.deep.equal(['a-c4e9d6c4.js', 'hello.js']);
    expect((await arrive()).webtasks.map(({ name, code }) => [name, code])).to.deep.equal([
      ['hello', 'created'],
      ['~a!$+=:@', 'created'],
    ]);
  });

  it('overwrite nothing that differs, unless they are told to', async () => {
    await create('a', { ectx: { S: 'one' } });
    await store(from, 'a', '1');
    await leave();
    await arrive();
    await create('a', { ectx: { S: 'two' } });
    await store(from, 'a', '2');
    await leave();
    const hint = 'another one is there; --replace overwrites it';
    const report = await arrive();
    expect(report.webtasks).to.deep.equal([
      row('a', 'differs', 'differs', 'differs', 'none', [`code: ${hint}`, `storage: ${hint}`]),
    ]);
    expect(isComplete(report)).to.equal(false);
    expect(await runAt(to, 'a')).to.deep.equal({ d: 1, s: 'one' });
    expect((await arrive(true)).webtasks).to.deep.equal([row('a', 'replaced', 'replaced', 'replaced', 'none')]);
    expect(await runAt(to, 'a')).to.deep.equal({ d: 2, s: 'two' });
  });

  it('take their cron jobs along, with schedule, time zone, state and metadata', async () => {
    await create('a');
    const job = { schedule: '5 4 * * *', tz: 'Europe/Berlin', state: 'inactive', meta: { k: 'v' } };
    await call(from, 'PUT', 'cron/{c}/a', job);
    expect((await leave()).webtasks).to.deep.equal([row('a', 'written', 'none', 'none', 'written')]);
    expect((await manifest()).webtasks[0].cron).to.deep.equal(job);
    expect((await arrive()).webtasks).to.deep.equal([row('a', 'created', 'none', 'none', 'created')]);
    expect(await call(to, 'GET', 'cron/{c}/a')).to.deep.include(job);
    expect((await arrive()).webtasks).to.deep.equal([row('a', 'unchanged', 'none', 'none', 'unchanged')]);
    await call(to, 'PUT', 'cron/{c}/a', { ...job, schedule: '* * * * *' });
    const hint = 'cron: another one is there; --replace overwrites it';
    expect((await arrive()).webtasks).to.deep.equal([row('a', 'unchanged', 'none', 'none', 'differs', [hint])]);
    expect((await arrive(true)).webtasks).to.deep.equal([row('a', 'unchanged', 'none', 'none', 'replaced')]);
    expect(await call(to, 'GET', 'cron/{c}/a')).to.deep.include(job);
  });

  it('keep the URL of code that is elsewhere', async () => {
    old.files['elsewhere.js'] = 'module.exports = cb => cb(null, 1)';
    const url = old.urlOf('elsewhere.js');
    await call(from, 'POST', 'tokens/issue', { ten: from.container, jtn: 'a', url });
    await leave();
    expect((await manifest()).webtasks).to.deep.equal([{ name: 'a', claims: { url } }]);
    expect((await arrive()).webtasks).to.deep.equal([row('a', 'created', 'none', 'none', 'none')]);
    expect((await arrive()).webtasks).to.deep.equal([row('a', 'unchanged', 'none', 'none', 'none')]);
  });

  it('come page by page, all of them', async () => {
    for (let n = 0; n < 102; n++) await create(`w${n}`);
    const progress: string[] = [];
    await exportContainer({ remote: from, folder, onProgress: (done, of) => progress.push(`${done}/${of}`) });
    expect((await manifest()).webtasks).to.have.length(102);
    expect(progress.at(-1)).to.equal('102/102');
  }).timeout(60_000);

  describe('are refused', () => {
    it('into a folder with something else in it', async () => {
      await writeFile(join(folder, 'mine'), '');
      expect(await refusalOf(leave())).to.deep.equal({
        code: 'TRANSFER_FOLDER_TAKEN',
        message: `${folder} holds something else than an export of ${from.container}.`,
        fix: 'Name a new folder, or an empty one.',
      });
    });

    it('over plain http to another machine, because token and secrets would be readable', async () => {
      const remote = { ...from, server: 'http://wt.example.com' };
      expect(await refusalOf(exportContainer({ remote, folder }))).to.deep.equal({
        code: 'TRANSFER_PLAIN',
        message: 'http://wt.example.com is refused: token and secrets would be sent unencrypted.',
        fix: 'Use https. Only a server on this machine (127.0.0.1, localhost) is asked over http; a tunnel ends there.',
      });
    });

    it('with a token that does not manage the container, in the words of the server', async () => {
      const remote = { ...from, token: old.sign({ ten: 'another', dd: 1 }) };
      const { code, message } = await refusalOf(exportContainer({ remote, folder }));
      expect([code, message.replace(from.server, 'SERVER').replaceAll(from.container, 'C')]).to.deep.equal([
        'TRANSFER_REFUSED',
        'SERVER refused GET /api/webtask/C: not authorized to perform operation on tenant `C` (403).',
      ]);
    });
  });

  it('read no file outside of their folder, by path or by link', async () => {
    await symlink('/etc/hostname', join(folder, 'link.js'));
    const write = (code: string): Promise<void> =>
      writeFile(
        join(folder, 'webtask.json'),
        JSON.stringify({ webtask_export: 1, container: to.container, webtasks: [{ name: 'a', code }] }),
      );
    for (const path of ['../x', '/etc/passwd', 'a\\b', 'C:x', 'a//b', './a']) {
      await write(path);
      expect((await refusalOf(arrive())).message).to.equal(
        `${join(folder, 'webtask.json')} is no manifest of an export: code of a is no path inside the folder.`,
      );
    }
    await write('link.js');
    expect((await arrive()).webtasks).to.deep.equal([
      row('a', 'failed', 'none', 'none', 'none', ['code: link.js cannot be read (it is outside of the folder)']),
    ]);
  });
});

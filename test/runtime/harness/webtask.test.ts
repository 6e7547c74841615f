import { join } from 'node:path';
import { expect } from 'chai';
import { type Task, type WebtaskOptions, webtask } from 'webtask-kit/harness';
import { createProject, type TestProject } from '../../support/project.ts';
import { refusalOf } from '../../support/refusal.ts';

const ECHO = `
module.exports = ({ secrets, params, meta, data, body, body_raw }, callback) =>
  callback(null, { secrets, params, meta, data, body, body_raw, loaded: module.webtask.secrets });
`;

describe('webtask()', () => {
  let project: TestProject;
  before(() => {
    project = createProject({
      'package.json': JSON.stringify({ webtasks: { declared: { secrets: ['TABLE'], params: { rate: 2 } } } }),
      '.env': 'TABLE=revoked\nREGION=eu-west-1\nWEBTASK_PORT=1\n',
      'webtasks/echo.js': ECHO,
      'webtasks/declared.js': ECHO,
      'webtasks/http.js': `
module.exports = (context, req, res) => {
  const head = { body: context.body, raw_body: req.raw_body, query: req.query, x_wt: { ...req.x_wt, req_id: '' } };
  if (req.readableEnded) return res.end(JSON.stringify({ ...head, read: 'by the platform' }));
  const chunks = [];
  req.on('data', (chunk) => chunks.push(chunk));
  req.on('end', () => res.end(JSON.stringify({ ...head, read: Buffer.concat(chunks).toString() })));
};`,
      'webtasks/typed.ts': 'export default (callback: (e: unknown, r: number) => void): void => callback(null, 1);',
      'webtasks/counter.js': `
module.exports = (context, callback) => context.storage.get((error, data = { count: 0 }) => {
  data.count += 1;
  context.storage.set(data, (error) => callback(error, data));
});`,
      'webtasks/never.js': '\n\nmodule.exports = (callback) => {};',
      'webtasks/broken.js': 'module.exports = 1;',
    });
  });
  after(() => project.remove());

  const load = (name: string, options?: WebtaskOptions): Promise<Task> =>
    webtask(join(project.folder, 'webtasks', name), options);

  it('refuses two webtasks of one name, in whatever languages: dev and wt-build take one of them', async () => {
    project.write('webtasks/two.js', 'return cb => cb()');
    project.write('webtasks/two.ts', 'export default (cb: () => void) => cb();');
    expect(await refusalOf(load('two.ts'))).to.deep.equal({
      code: 'HARNESS_NAME_TWICE',
      message: 'Both two.ts and two.js would be the webtask two.',
      fix: 'Rename one of them: a webtask is built, served and stored by its name.',
    });
  });

  it('knows the name and the file of the webtask', async () => {
    const { name, file } = await load('echo.js');
    expect({ name, file }).to.deep.equal({ name: 'echo', file: join(project.folder, 'webtasks/echo.js') });
  });

  it('takes paths from the working directory', async () => {
    expect(await (await webtask('webtasks/examples/callback.js', { secrets: {} })).get()).to.have.status(200);
  });

  it('gives all secrets of .env and none of the settings of the kit, also while the code loads', async () => {
    const { json } = await (await load('echo.js')).get();
    const secrets = { TABLE: 'revoked', REGION: 'eu-west-1' };
    expect(json).to.deep.equal({ secrets, params: {}, meta: {}, data: secrets, loaded: secrets });
  });

  it('gives what package.json says of the webtask', async () => {
    const { json } = await (await load('declared.js')).get();
    expect(json).to.deep.include({ secrets: { TABLE: 'revoked' }, params: { rate: 2 } });
  });

  it('gives the secrets that the test names or writes, in place of those', async () => {
    expect((await (await load('declared.js', { secrets: ['REGION'] })).get()).json.secrets).to.deep.equal({
      REGION: 'eu-west-1',
    });
    expect((await (await load('declared.js', { secrets: { KEY: 'k' } })).get()).json.secrets).to.deep.equal({
      KEY: 'k',
    });
    expect((await (await load('declared.js', { secrets: {} })).get()).json.secrets).to.deep.equal({});
  });

  it('gives params and meta, and no query replaces them', async () => {
    const task = await load('echo.js', { secrets: { A: 'secret' }, params: { rate: 3, list: [1] }, meta: { x: 'y' } });
    expect((await task.get('/?A=1&rate=2&b=3')).json).to.deep.include({
      secrets: { A: 'secret' },
      params: { rate: 3, list: [1] },
      meta: { x: 'y' },
      data: { A: 'secret', rate: 3, list: [1], b: '3' },
    });
  });

  it('merges the body into context.data, unless mergeBody is false', async () => {
    const body = { name: 'Ada' };
    expect((await (await load('echo.js', { secrets: {} })).post('/', { body })).json).to.deep.include({
      body,
      body_raw: '{"name":"Ada"}',
      data: body,
    });
    const unmerged = await load('echo.js', { secrets: {}, mergeBody: false });
    expect((await unmerged.post('/', { body })).json).to.deep.include({ body, data: {} });
  });

  it('parses no body where parseBody is false', async () => {
    const { json } = await (await load('echo.js', { secrets: {}, parseBody: false })).post('/', { body: { a: 1 } });
    expect(json).not.to.have.any.keys('body', 'body_raw');
  });

  it('leaves the body to a webtask (context, req, res), unless parseBody is true', async () => {
    const body = { a: 1 };
    expect((await (await load('http.js', { secrets: {} })).post('/?q=1', { body })).json).to.deep.equal({
      query: { q: '1' },
      x_wt: { ...PLATFORM, pb: 2, mb: 1 },
      read: '{"a":1}',
    });
    expect((await (await load('http.js', { secrets: {}, parseBody: true })).post('/', { body })).json).to.deep.equal({
      body,
      raw_body: '{"a":1}',
      query: {},
      x_wt: { ...PLATFORM, pb: 1, mb: 1 },
      read: 'by the platform',
    });
  });

  it('begins with the storage that the test gives, and keeps it from one request to the next', async () => {
    const task = await load('counter.js', { storage: { count: 41 } });
    expect([await task.get(), await task.get()].map(({ json }) => json.count)).to.deep.equal([42, 43]);
    const other = await load('counter.js');
    expect((await other.get()).json).to.deep.equal({ count: 1 });
  });

  it('loads TypeScript', async () => {
    expect(await (await load('typed.ts')).get()).to.have.json(1);
  });

  it('fails the request, by file and line, where the webtask does not answer within limitMs', async () => {
    const task = await load('never.js', { limitMs: 20 });
    expect(await refusalOf(task.get())).to.deep.equal({
      code: 'HARNESS_PROBLEM',
      message: `${join(project.folder, 'webtasks/never.js').replaceAll('\\', '/')}:3 never called back within 20 ms.`,
      fix: undefined,
    });
  });

  for (const [what, name, options, refusal] of [
    [
      'a secret that is missing',
      'echo.js',
      { secrets: ['API_KEY'] },
      {
        code: 'SECRET_MISSING',
        message: 'The secret API_KEY is neither in the environment nor in .env.',
        fix: 'Add this line to .env: API_KEY=…',
      },
    ],
    [
      'an option that is misspelled',
      'echo.js',
      { secret: ['API_KEY'] } as object, // as JavaScript lets a test write it
      {
        code: 'HARNESS_OPTION',
        message: 'webtask(file, options) has no secret.',
        fix: 'It may have: secrets, params, meta, parseBody, mergeBody, storage, limitMs.',
      },
    ],
    [
      'a value whose name is reserved',
      'echo.js',
      { secrets: { WEBTASK_KEY: '1' } },
      {
        code: 'SECRET_RESERVED',
        message: 'The name WEBTASK_KEY is reserved: what begins with WEBTASK_ never becomes a secret.',
        fix: 'Give the secret another name.',
      },
    ],
    [
      'code that exports no function',
      'broken.js',
      {},
      {
        code: 'COMPILE_NOT_A_FUNCTION',
        message: 'Supplied code must return or export a function. It exported a number.',
        fix: 'Assign a function to module.exports, return one at top level, or use export default.',
      },
    ],
  ] as const) {
    it(`refuses ${what}, and its stack says what to do, since a test runner shows nothing else`, async () => {
      const attempt = load(name, options);
      expect(await refusalOf(attempt)).to.deep.equal(refusal);
      const { stack } = await attempt.catch((error) => error);
      const { message, fix, code } = refusal;
      expect(stack.split('\n    at ')[0]).to.match(/^(Webtask)?Error: /);
      expect(stack.split('\n    at ')[0].replace(/^\w+: /, '')).to.equal(`${message}\n    ${fix} [${code}]`);
    });
  }

  it('refuses a file that cannot be read', async () => {
    expect(await refusalOf(load('missing.js'))).to.deep.equal({
      code: 'HARNESS_NO_FILE',
      message: `The webtask ${join(project.folder, 'webtasks/missing.js')} cannot be read.`,
      fix: 'Paths of webtasks are taken from the working directory.',
    });
  });
});

const PLATFORM = { req_id: '', container: 'webtask-local', jtn: 'http', url_format: 3, resolved_modules: null };

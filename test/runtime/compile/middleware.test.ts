import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { compileWebtask } from '../../../runtime/compile/index.ts';
import { type RunSettings, runWebtask } from '../../../runtime/invoke/index.ts';
import { NOTHING_GIVEN, type ReadReply, readReply, SETTINGS, withBody } from '../../support/webtask.ts';

const COMPILER = '@webtask/middleware-compiler';
/** The original's own package and what it needs, each as the one before it finds it, where they are installed. */
const ORIGINAL = chain(import.meta.url, [COMPILER, 'wreck', 'boom', 'hoek']);

function chain(from: string, names: readonly string[]): { name: string; folder: string }[] | undefined {
  try {
    let file = from;
    return names.map((name) => {
      file = createRequire(file).resolve(`${name}/package.json`);
      return { name, folder: dirname(file) };
    });
  } catch {
    return undefined;
  }
}

/** The rules, which the original and the kit's own middleware compiler both keep. */
function specifyMiddleware(copyCompiler: (folder: string) => void): void {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'middleware-'));
    copyCompiler(join(folder, 'node_modules'));
    const tag = (name: string) =>
      `(req, res, next) => { res.setHeader('x-steps', [].concat(res.getHeader('x-steps') || [], '${name}')); next(); }`;
    add('tag', `module.exports = () => ${tag('tag')}; module.exports.other = () => ${tag('other')};`);
    add('@mine/tag', `module.exports = () => ${tag('mine')};`);
    add('answers', `module.exports = () => (req, res, next) => res.end('answered');`);
    add('two-parameters', 'module.exports = () => (req, res) => res.end();');
    add(
      'fails',
      `module.exports = () => (req, res, next) => next(Object.assign(new Error('no entry'), JSON.parse(req.headers['x-error'])));`,
    );
    add('throws', `module.exports = () => (req, res, next) => { throw new Error('bang'); };`);
    add(
      'sees',
      `module.exports = () => (req, res, next) => { const c = req.webtaskContext;
        res.end(JSON.stringify([Object.keys(c.compiler).sort(), c.compiler.script.length, c.secrets])); };`,
    );
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  function add(name: string, code: string): void {
    const home = join(folder, 'node_modules', name);
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, 'package.json'), JSON.stringify({ name, version: '1.0.0' }));
    writeFileSync(join(home, 'index.js'), code);
  }

  async function run(
    code: string,
    middleware: string | undefined,
    request: object = {},
    settings: Partial<RunSettings> = {},
  ): Promise<ReadReply> {
    const meta = { 'wt-compiler': COMPILER, ...(middleware !== undefined && { 'wt-middleware': middleware }) };
    const webtask = await compileWebtask({ code, file: join(folder, 'webtask.js') }, { ...NOTHING_GIVEN, meta });
    const all = { method: 'GET', url: '/', rawHeaders: [], ...request };
    return readReply(await runWebtask(webtask, all, { ...SETTINGS, onLine: () => undefined, ...settings }));
  }
  const failing = (error: object) =>
    run('module.exports = cb => cb()', 'fails', { rawHeaders: ['x-error', JSON.stringify(error)] });

  it('runs the webtask where there is no middleware', async () => {
    const reply = await run('module.exports = cb => cb(null, { a: 1 })', undefined);
    expect(reply).to.include({ status: 200, body: '{"a":1}' });
    expect(reply.headers['Content-Type']).to.equal('application/json');
  });

  it('answers with an empty body where the result is undefined', async () => {
    expect(await run('module.exports = cb => cb()', undefined)).to.include({ status: 200, body: '' });
  });

  for (const list of ['tag,tag/other,@mine/tag', '["tag","tag/other","@mine/tag"]']) {
    it(`runs the middleware ${list} in order, and then the webtask`, async () => {
      const code = `module.exports = (context, req, res) => res.end([].concat(res.getHeader('x-steps')).join());`;
      expect(await run(code, list)).to.include({ status: 200, body: 'tag,other,mine' });
    });
  }

  it('does not run the webtask where a middleware answers', async () => {
    expect((await run('module.exports = cb => cb(null, 1)', 'answers')).body).to.equal('answered');
  });

  it('gives middleware the context, with the compiler and the script', async () => {
    const { body } = await run('return cb => cb()', 'sees', {}, { secrets: { A: '1' } });
    expect(JSON.parse(body)).to.deep.equal([['nodejsCompiler', 'script'], 17, { A: '1' }]);
  });

  it('takes the compiler from the context before the webtask sees it', async () => {
    expect((await run('module.exports = (context, cb) => cb(null, "compiler" in context)', 'tag')).body).to.equal(
      'false',
    );
  });

  it('answers with the status and the members of an error that a middleware passes on', async () => {
    const { status, body, headers } = await failing({ statusCode: 403, code: 'E', data: { d: 1 }, secret: 's' });
    expect({ status, type: headers['Content-Type'], body: JSON.parse(body) }).to.deep.equal({
      status: 403,
      type: 'application/json',
      body: { message: 'no entry', statusCode: 403, code: 'E', data: { d: 1 } },
    });
  });

  for (const statusCode of [undefined, 500]) {
    it(`says no more than "Server error" of an error with status ${statusCode}`, async () => {
      const { status, body } = await failing({ statusCode, code: 'E' });
      expect({ status, body: JSON.parse(body) }).to.deep.equal({
        status: 500,
        body: { message: 'Server error', statusCode: 500 },
      });
    });
  }

  it('answers 500 where a middleware throws, is not there, or has another signature', async () => {
    for (const list of ['throws', 'no-such-middleware', 'two-parameters']) {
      const { status, body } = await run('module.exports = cb => cb()', list);
      expect({ status, body }, list).to.deep.equal({
        status: 500,
        body: '{"message":"Server error","statusCode":500}',
      });
    }
  });

  it('answers 500 where the webtask does not compile, or takes four parameters', async () => {
    for (const code of ['module.exports = ', 'module.exports = (a, b, c, d) => 1']) {
      expect((await run(code, 'tag')).body, code).to.equal('{"message":"Server error","statusCode":500}');
    }
  });

  it('answers with the status of an error that the webtask calls back with', async () => {
    const code = 'module.exports = cb => cb(Object.assign(new Error("gone"), { statusCode: 410 }))';
    expect(await run(code, 'tag')).to.include({ status: 410, body: '{"message":"gone","statusCode":410}' });
  });

  it('parses JSON for webtasks with a callback', async () => {
    const code = 'module.exports = (context, cb) => cb(null, context.body)';
    expect((await run(code, 'tag', withBody('application/json', '{"a":1}'))).body).to.equal('{"a":1}');
  });

  it('leaves the body to a webtask (context, req, res)', async () => {
    const code = 'module.exports = (context, req, res) => req.pipe(res)';
    expect((await run(code, 'tag', withBody('application/json', '{"a":1}'))).body).to.equal('{"a":1}');
  });

  it('refuses a list that is JSON and no array', async () => {
    const meta = { 'wt-compiler': COMPILER, 'wt-middleware': '{"a":1}' };
    const source = { code: 'return cb => cb()', file: join(folder, 'webtask.js') };
    const error = await compileWebtask(source, { ...NOTHING_GIVEN, meta }).catch((error: Error) => error.message);
    expect(error).to.equal(
      'Compilation failed: Unexpected JSON wt-middleware metadata that does not represent an array',
    );
  });

  it('answers several requests alike', async () => {
    const meta = { 'wt-compiler': COMPILER, 'wt-middleware': 'tag' };
    const code = 'module.exports = cb => cb(null, 1)';
    const webtask = await compileWebtask({ code, file: join(folder, 'webtask.js') }, { ...NOTHING_GIVEN, meta });
    for (let i = 0; i < 3; i++) {
      const reply = await readReply(await runWebtask(webtask, { method: 'GET', url: '/', rawHeaders: [] }, SETTINGS));
      expect(reply.body).to.equal('1');
      expect(reply.headers['x-steps']).to.equal('tag');
    }
  });
}

describe('the middleware of a webtask', () => {
  describe("with the kit's own compiler", () => {
    specifyMiddleware(() => undefined);

    /** What a webtask with a middleware of these texts prints. */
    async function printed(middleware: string, more: Record<string, string> = {}): Promise<string[]> {
      const messages: string[] = [];
      const meta = { 'wt-compiler': COMPILER, 'wt-middleware': 'https://example.com/first.js', ...more };
      const source = { code: 'return cb => cb()', file: '/app/webtask.js', fetchText: async () => middleware };
      const webtask = await compileWebtask(source, { ...NOTHING_GIVEN, meta });
      const onMessage = (text: string): void => void messages.push(text.split('\n')[0] ?? '');
      const request = { method: 'GET', url: '/', rawHeaders: [] };
      await readReply(await runWebtask(webtask, request, { ...SETTINGS, onMessage }));
      return messages;
    }
    const FAILS = 'module.exports = () => (req, res, next) => next(new Error("no entry"));';

    it('logs what its caller is not told: why it answered with 500', async () => {
      expect(await printed(FAILS)).to.deep.equal(['Error: no entry']);
    });

    it('logs each step where wt-debug asks for it', async () => {
      const debug = { 'wt-debug': 'other,wt-middleware' };
      const passes = 'module.exports = () => (req, res, next) => next();';
      const first = 'Invoking middleware 0: https://example.com/first.js';
      expect(await printed(passes, debug)).to.deep.equal([first, 'Invoking middleware 1: the webtask']);
      expect(await printed(FAILS, debug)).to.deep.equal([
        first,
        'Error produced by middleware: Error: no entry',
        'Error: no entry',
      ]);
      expect(await printed(passes)).to.deep.equal([]);
    });

    it('fetches middleware that is named by its URL', async () => {
      const meta = { 'wt-compiler': COMPILER, 'wt-middleware': 'https://example.com/hello.js' };
      const fetchText = async (url: string) =>
        `module.exports = () => (req, res, next) => { res.end(${JSON.stringify(url)}); };`;
      const source = { code: 'return cb => cb()', file: '/app/webtask.js', fetchText };
      const webtask = await compileWebtask(source, { ...NOTHING_GIVEN, meta });
      const reply = await readReply(await runWebtask(webtask, { method: 'GET', url: '/', rawHeaders: [] }, SETTINGS));
      expect(reply.body).to.equal('https://example.com/hello.js');
    });
  });

  describe(`with ${COMPILER} itself`, () => {
    if (!ORIGINAL) {
      it('is skipped: it is not installed');
      return;
    }
    specifyMiddleware((folder) => {
      for (const it of ORIGINAL) cpSync(it.folder, join(folder, it.name), { recursive: true });
    });
  });
});

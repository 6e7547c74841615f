import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { install } from '@sinonjs/fake-timers';
import { expect } from 'chai';
import { compileWebtask } from '../../../runtime/compile/index.ts';
import { runWebtask } from '../../../runtime/invoke/index.ts';
import { refusalOf } from '../../support/refusal.ts';
import { NOTHING_GIVEN, type ReadReply, readReply, SETTINGS } from '../../support/webtask.ts';

/** A compiler whose webtask answers with what it was given. */
const SHOW = `module.exports = (options, cb) => cb(null, (context, done) => done(null, {
  script: options.script, meta: options.meta, secrets: options.secrets, params: options.params,
  storage: typeof options.storage, keys: Object.keys(options).sort(),
}));`;

describe('compiling by the compiler of wt-compiler', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'compiler-'));
    add('show', SHOW);
    add('two', `exports.first = ${SHOW.slice('module.exports = '.length)} exports.notOne = 5;`);
    add('@mine/show', SHOW);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  function add(name: string, code: string): void {
    const home = join(folder, 'node_modules', name);
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, 'package.json'), JSON.stringify({ name, version: '1.0.0' }));
    writeFileSync(join(home, 'index.js'), code);
  }

  const compile = (script: string, meta: Record<string, string>, more = {}, given = {}) =>
    compileWebtask({ code: script, file: join(folder, 'webtask.js'), ...more }, { ...NOTHING_GIVEN, meta, ...given });

  async function run(script: string, meta: Record<string, string>, more = {}, given = {}): Promise<ReadReply> {
    const webtask = await compile(script, meta, more, given);
    const request = { method: 'GET', url: '/api/run/test/hello', rawHeaders: [] };
    return readReply(await runWebtask(webtask, request, SETTINGS));
  }

  for (const name of ['show', 'two/first', '@mine/show', 'show@1.0.0']) {
    it(`gives ${name} the script, metadata, secrets, parameters and storage`, async () => {
      const meta = { 'wt-compiler': name };
      const given = { secrets: { A: '1' }, params: { p: 2 }, storage: {} };
      expect(JSON.parse((await run('any <text>', meta, {}, given)).body)).to.deep.equal({
        script: 'any <text>',
        meta,
        secrets: { A: '1' },
        params: { p: 2 },
        storage: 'object',
        keys: ['meta', 'nodejsCompiler', 'params', 'script', 'secrets', 'storage'],
      });
    });
  }

  it('fetches a compiler that is named by its URL', async () => {
    const asked: string[] = [];
    const fetchText = async (url: string) => {
      asked.push(url);
      return SHOW;
    };
    const { body } = await run('x', { 'wt-compiler': 'https://example.com/show.js?v=1' }, { fetchText });
    expect(JSON.parse(body).script).to.equal('x');
    expect(asked).to.deep.equal(['https://example.com/show.js?v=1']);
  });

  it('refuses a URL where nothing is fetched, without its query', async () => {
    const error = await refusalOf(compile('x', { 'wt-compiler': 'https://example.com/show.js?key=secret' }));
    expect(error).to.include({
      code: 'COMPILER_URL_REFUSED',
      message: 'Compilation failed: https://example.com/show.js is not fetched here.',
    });
  });

  it('compiles JavaScript for a compiler, with any number of parameters', async () => {
    add(
      'sums',
      'module.exports = (o, cb) => o.nodejsCompiler(o.script, (e, sum) => cb(e, (done) => done(null, sum(1, 2, 3, 4))));',
    );
    const script = 'module.exports = (a, b, c, d) => a + b + c + d;';
    expect((await run(script, { 'wt-compiler': 'sums' })).body).to.equal('10');
  });

  it('gives the compiler the error of code that does not compile', async () => {
    add('pass', 'module.exports = (o, cb) => o.nodejsCompiler(o.script, cb);');
    const error = await refusalOf(compile('module.exports = 5', { 'wt-compiler': 'pass' }));
    expect(error).to.include({
      code: 'COMPILE_NOT_A_FUNCTION',
      message: 'Supplied code must return or export a function. It exported a number.',
    });
  });

  const REFUSALS: readonly [what: string, compiler: string, code: string, message: string][] = [
    [
      'calls back with an error',
      'module.exports = (o, cb) => cb(new Error("no"))',
      'COMPILE_FAILED',
      'Compilation failed: no',
    ],
    ['throws', 'module.exports = () => { throw new Error("bang") }', 'COMPILE_FAILED', 'Compilation failed: bang'],
    [
      'rejects',
      'module.exports = async () => { throw new Error("later") }',
      'COMPILE_FAILED',
      'Compilation failed: later',
    ],
    [
      'is no function',
      'module.exports = { a: 1 }',
      'COMPILER_INVALID',
      'Compilation failed: the compiler refusing is not a function, but an object with a.',
    ],
    [
      'gives no function',
      'module.exports = (o, cb) => cb(null, "text")',
      'COMPILE_NOT_A_FUNCTION',
      'Supplied code must return or export a function. It exported a string.',
    ],
    [
      'gives a function of four parameters',
      'module.exports = (o, cb) => cb(null, (a, b, c, d) => 1)',
      'COMPILE_SIGNATURE',
      'The JavaScript function must have one of the following signatures: ([ctx], callback) or (ctx, req, res). It has 4 parameters.',
    ],
  ];
  for (const [index, [what, compiler, code, message]] of REFUSALS.entries()) {
    it(`refuses a webtask whose compiler ${what}`, async () => {
      add(`refusing${index}`, compiler);
      const error = await refusalOf(compile('x', { 'wt-compiler': `refusing${index}` }));
      expect(error.code).to.equal(code);
      expect(error.message).to.equal(message.replace('refusing', `refusing${index}`));
    });
  }

  it('gives a compiler 30 seconds to call back', async () => {
    add('silent', 'module.exports = () => undefined;');
    const clock = install({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const refused = refusalOf(compile('x', { 'wt-compiler': 'silent' }));
      while (clock.countTimers() === 0) await new Promise(setImmediate);
      clock.tick(30_000);
      expect(await refused).to.include({
        code: 'COMPILER_SILENT',
        message: 'Compilation failed: the compiler silent did not call back within 30000 ms.',
      });
    } finally {
      clock.uninstall();
    }
  });

  it('says that the compiler is not there', async () => {
    const error = await refusalOf(compile('x', { 'wt-compiler': 'no-such-compiler' }));
    expect(error).to.include({
      code: 'COMPILE_FAILED',
      message: "Compilation failed: Cannot find module 'no-such-compiler'",
    });
  });

  it('says that the declared versions are no JSON', async () => {
    const error = await refusalOf(compile('return cb => cb()', { 'wt-node-dependencies': 'lodash' }));
    expect(error).to.include({
      code: 'COMPILE_DEPENDENCIES',
      message: 'Compilation failed: the metadata wt-node-dependencies cannot be used: it is no JSON.',
    });
  });

  describe('by @webtask/middleware-compiler', () => {
    before(() =>
      add('@webtask/middleware-compiler', 'module.exports = (o, cb) => cb(null, (done) => done(null, "original"));'),
    );
    const fetchText = async () => 'module.exports = () => (req, res, next) => next();';
    const withMiddleware = (list: string, more = {}) =>
      run(
        'return cb => cb(null, "own")',
        { 'wt-compiler': '@webtask/middleware-compiler', 'wt-middleware': list, ...more },
        { fetchText },
      );

    it('has the installed package do it', async () => {
      expect((await withMiddleware('mine,@mine/other')).body).to.equal('"original"');
    });

    it('does it itself where a middleware is a URL, or the platform has it', async () => {
      for (const list of ['https://example.com/x.js', '["@webtask/bearer-auth-middleware"]']) {
        expect((await withMiddleware(list)).body, list).to.equal('"own"');
      }
    });

    it('does it itself where packages are elsewhere, which the installed one would not find', async () => {
      const meta = { 'wt-compiler': '@webtask/middleware-compiler' };
      const { body } = await run('return cb => cb(null, "own")', meta, { modulePaths: [join(folder, 'elsewhere')] });
      expect(body).to.equal('"own"');
    });

    it('does it itself where another version is declared than is installed', async () => {
      const declared = { 'wt-node-dependencies': '{"@webtask/middleware-compiler":"1.3.0"}' };
      expect((await withMiddleware('', declared)).body).to.equal('"own"');
    });
  });

  describe('with webtask-tools', () => {
    // Where webtask-tools, express and pug are installed.
    const modulePaths = [fileURLToPath(new URL('../../../node_modules', import.meta.url))];

    it('serves an Express app that the script exports', async () => {
      const script = `const app = require('express')();
        app.get('/', (req, res) => res.send('at ' + req.originalUrl + ' with ' + typeof req.webtaskContext.secrets));
        module.exports = app;`;
      const { status, body } = await run(script, { 'wt-compiler': 'webtask-tools/express' }, { modulePaths });
      expect({ status, body }).to.deep.equal({ status: 200, body: 'at /api/run/test/hello with object' });
    });

    it('serves a page of HTML', async () => {
      const { headers, body } = await run('<h1>Hello</h1>', { 'wt-compiler': 'webtask-tools/html' }, { modulePaths });
      expect({ type: headers['Content-Type'], body }).to.deep.equal({ type: 'text/html', body: '<h1>Hello</h1>' });
    });

    it('serves a page of Pug', async () => {
      const { body } = await run('h1 Hello', { 'wt-compiler': 'webtask-tools/pug' }, { modulePaths });
      expect(body).to.equal('<h1>Hello</h1>');
    });
  });
});

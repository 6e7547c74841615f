import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { compileWebtask } from '../../../runtime/compile/index.ts';
import { WebtaskError } from '../../../runtime/errors.ts';
import { NOTHING_GIVEN } from '../../support/webtask.ts';

const compile = (code: string, file = '/app/hello.js', given = {}) =>
  compileWebtask({ code, file }, { ...NOTHING_GIVEN, ...given });

/** What compiling refuses with. */
async function refusal(code: string, file?: string): Promise<WebtaskError> {
  const error = await compile(code, file).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(error).to.be.instanceOf(WebtaskError);
  return error as WebtaskError; // just checked
}

describe('compiling a webtask', () => {
  it('takes the function that the code returns', async () => {
    expect((await compile('return function (cb) { cb(null, 1); }')).model).to.equal('callback');
  });

  it('takes the function that the code exports', async () => {
    expect((await compile('module.exports = function (ctx, cb) {}')).model).to.equal('context');
  });

  it('prefers what is returned over what is exported', async () => {
    expect((await compile('module.exports = cb => {}; return (ctx, req, res) => {};')).model).to.equal('http');
  });

  it('hoists functions that stand behind a top-level return', async () => {
    const { run } = await compile(
      'return handler;\nfunction handler(cb) { return inner(); }\nfunction inner() { return 7; }',
    );
    expect(run()).to.equal(7);
  });

  it('keeps comments, since code reads its own text', async () => {
    const code = 'return function (cb) { /* a page */ }';
    expect((await compile(code)).run.toString()).to.equal('function (cb) { /* a page */ }');
    expect((await compile(`"use latest";\n${code}`)).run.toString()).to.equal('function (cb) { /* a page */ }');
  });

  it('runs in sloppy mode, where an undeclared name becomes a global', async () => {
    const { run } = await compile('leaked = 3; return cb => leaked;');
    expect(run()).to.equal(3);
    Reflect.deleteProperty(globalThis, 'leaked');
  });

  it('accepts a byte order mark and a hashbang', async () => {
    expect((await compile('\uFEFF#!/usr/bin/env node\nreturn cb => {};')).model).to.equal('callback');
  });

  it('gives the code module.webtask while it loads', async () => {
    const given = { secrets: { A: '1' }, meta: { b: '2' }, params: { c: 3 }, storage: { get: 1 } };
    const { run } = await compile('const seen = module.webtask; return cb => seen;', undefined, given);
    expect(run()).to.deep.equal(given);
  });

  it('gives the code its own path', async () => {
    const { run } = await compile('return cb => [__filename, __dirname, module.filename];', '/app/pay.js');
    expect(run()).to.deep.equal(['/app/pay.js', '/app', '/app/pay.js']);
  });

  it('names the line of the author in stack traces', async () => {
    const { run } = await compile('return cb => {\n  throw new Error("here");\n};', '/app/pay.js');
    expect(() => run())
      .to.throw()
      .with.property('stack')
      .that.includes('/app/pay.js:2:9');
  });

  it('imports at run time', async () => {
    const { run } = await compile('return async cb => (await import("node:path")).sep.length;');
    expect(await run()).to.equal(1);
  });

  describe('counts parameters as Node reports them', () => {
    for (const [code, model] of [
      ['return cb => {}', 'callback'],
      ['return ({ data }, cb) => {}', 'context'],
      ['return async (ctx, cb) => {}', 'context'],
      ['return (ctx, req, res, next = 1) => {}', 'http'],
      ['return (cb, ...rest) => {}', 'callback'],
    ] as const) {
      it(`${code} is of the ${model} model`, async () => expect((await compile(code)).model).to.equal(model));
    }

    for (const [code, length] of [
      ['return () => {}', 0],
      ['return (a = 1, b, c) => {}', 0],
      ['return (a, b, c, d) => {}', 4],
    ] as const) {
      it(`${code} is refused`, async () => {
        expect(await refusal(code)).to.include({
          code: 'COMPILE_SIGNATURE',
          message: `The JavaScript function must have one of the following signatures: ([ctx], callback) or (ctx, req, res). It has ${length} parameters.`,
        });
      });
    }
  });

  describe('reads ES modules', () => {
    it('with a default export', async () => {
      expect((await compile('export default function (ctx, cb) {}')).model).to.equal('context');
    });

    it('with imports beside module.exports, as Babel did', async () => {
      const { run } = await compile(
        'import { sep } from "path"; import path from "path"; module.exports = cb => [sep, path.sep];',
      );
      expect(run()).to.deep.equal(['/', '/']);
    });

    it('with import.meta', async () => {
      const { run } = await compile('export default cb => [import.meta.url, import.meta.dirname];', '/app/a b.js');
      expect(run()).to.deep.equal(['file:///app/a%20b.js', '/app']);
    });

    it('with a web-standard fetch handler', async () => {
      expect((await compile('export default { fetch(request, ctx) { return new Response("x"); } }')).model).to.equal(
        'fetch',
      );
    });

    it('and refuses one that returns at top level by name', async () => {
      expect(await refusal('import "fs";\nreturn cb => {};')).to.include({
        code: 'COMPILE_RETURN_IN_MODULE',
        message: 'Compilation failed: /app/hello.js:2 returns at top level, which an ES module cannot do.',
        fix: 'Use export default in place of the return, or require() in place of import and export.',
      });
    });
  });

  describe('reads TypeScript', () => {
    const code =
      'interface A { b: number }\nexport default (ctx: A, cb: () => void): void => {\n  throw new Error("typed");\n};';

    it('by the name of the file', async () => {
      expect((await compile(code, '/app/typed.ts')).model).to.equal('context');
    });

    it('by metadata', async () => {
      const webtask = await compile(code, '/app/typed', { meta: { 'wt-language': 'typescript' } });
      expect(webtask.model).to.equal('context');
    });

    it('with export = and a top-level return', async () => {
      expect((await compile('export = (cb: () => void) => {};', '/app/typed.ts')).model).to.equal('callback');
      expect((await compile('const a: number = 1; return (cb: unknown) => a;', '/app/typed.ts')).model).to.equal(
        'callback',
      );
    });

    it('and names its lines in stack traces', async () => {
      const { run } = await compile(code, '/app/typed-stack.ts');
      expect(() => run())
        .to.throw()
        .with.property('stack')
        .that.includes('/app/typed-stack.ts:3:9');
    });

    it('and names its lines for as long as its function lives', async () => {
      const { run } = await compile(code, '/app/typed-long.ts');
      setFlagsFromString('--expose-gc');
      const gc: () => void = runInNewContext('gc');
      for (let turn = 0; turn < 5; turn++) {
        await new Promise((resolve) => setImmediate(resolve)); // what was looked at is kept until the turn ends
        gc();
      }
      expect(() => run())
        .to.throw()
        .with.property('stack')
        .that.includes('/app/typed-long.ts:3:9');
    });

    it('and not in a JavaScript file', async () => {
      expect(await refusal('const a: number = 1; return cb => a;')).to.include({
        code: 'COMPILE_FAILED',
        message: 'Compilation failed: Expected ";" but found ":" (/app/hello.js:1)',
      });
    });
  });

  it('translates syntax that is newer than the running Node', async () => {
    const { run } = await compile(
      'const log = [];\n{ using a = { [Symbol.dispose ?? Symbol.for("Symbol.dispose")]() { log.push("gone"); } }; }\nreturn cb => log;',
    );
    expect(run()).to.deep.equal(['gone']);
  });

  describe('requires modules', () => {
    let folder: string;
    before(() => {
      folder = mkdtempSync(join(tmpdir(), 'webtask-compile-'));
      for (const [path, version] of [
        ['left', '1.2.3'],
        ['@scope/right', '2.0.0'],
        ['left@9.0.0', '9.0.0'],
      ] as const) {
        const target = join(folder, 'node_modules', path);
        mkdirSync(target, { recursive: true });
        writeFileSync(join(target, 'package.json'), JSON.stringify({ name: path, version }));
        writeFileSync(join(target, 'index.js'), `module.exports = '${path}';`);
        writeFileSync(join(target, 'sub.js'), `module.exports = '${path}/sub';`);
      }
      writeFileSync(join(folder, 'beside.js'), 'module.exports = "beside";');
    });
    after(() => rmSync(folder, { recursive: true }));

    const required = async (id: string, meta = {}): Promise<unknown> =>
      (await compile(`const it = require('${id}'); return cb => it;`, join(folder, 'task.js'), { meta })).run();

    it('of Node, of its folder and of node_modules', async () => {
      expect(await required('node:path')).to.have.property('sep');
      expect(await required('./beside')).to.equal('beside');
      expect(await required('left')).to.equal('left');
      expect(await required('left/sub')).to.equal('left/sub');
    });

    it('in the version that is asked for, where it is installed', async () => {
      expect(await required('left@1.2.3')).to.equal('left');
      expect(await required('@scope/right@2.0.0/sub')).to.equal('@scope/right/sub');
      expect(await required('left@9.0.0')).to.equal('left@9.0.0');
    });

    it('in the version that metadata declares', async () => {
      expect(await required('left', { 'wt-node-dependencies': '{"left":"9.0.0"}' })).to.equal('left@9.0.0');
    });

    it('and names module and version where that version is not installed', async () => {
      expect(await refusal("require('left@4.0.0'); return cb => {};", join(folder, 'task.js'))).to.include({
        code: 'MODULE_VERSION_MISSING',
        message: "Compilation failed: Cannot find module 'left' in version 4.0.0; 1.2.3 is installed.",
        fix: 'Install it with: npm install left@4.0.0',
      });
      expect(await refusal("require('none@1.0.0'); return cb => {};", join(folder, 'task.js'))).to.include({
        code: 'MODULE_VERSION_MISSING',
        message: "Compilation failed: Cannot find module 'none' in version 1.0.0; no version is installed.",
      });
    });

    it('and names the module where there is none', async () => {
      expect(await refusal("require('none'); return cb => {};", join(folder, 'task.js'))).to.include({
        code: 'COMPILE_FAILED',
        message: "Compilation failed: Cannot find module 'none'",
      });
    });
  });

  describe('refuses, with the reason', () => {
    it('a syntax error', async () => {
      expect(await refusal('return function (')).to.include({
        code: 'COMPILE_FAILED',
        message: 'Compilation failed: Expected identifier but found end of file (/app/hello.js:1)',
      });
    });

    it('a throw at load', async () => {
      const error = await refusal('throw new TypeError("no key")');
      expect(error).to.include({ code: 'COMPILE_FAILED', message: 'Compilation failed: no key' });
      expect(error.fields.stack).to.match(/^TypeError: no key\n {4}at .*\/app\/hello\.js:1:7/);
    });

    for (const [code, exported] of [
      ['module.exports = 5', 'a number'],
      ['', 'an object without members'],
      ['exports.a = 1; exports.b = 2', 'an object with a, b'],
      ['return []', 'an array'],
      ['module.exports = null', 'null'],
    ] as const) {
      it(`${code || 'nothing'}, saying that it exported ${exported}`, async () => {
        expect(await refusal(code)).to.include({
          code: 'COMPILE_NOT_A_FUNCTION',
          message: `Supplied code must return or export a function. It exported ${exported}.`,
        });
      });
    }
  });
});

import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { type Bundle, bundleWebtask } from '../../../runtime/build/bundle.ts';
import { compileWebtask } from '../../../runtime/compile/index.ts';
import { refusalOf } from '../../support/refusal.ts';

const GIVEN = { secrets: {}, meta: {}, params: {}, storage: undefined };

describe('a webtask and the files beside it as one text', () => {
  let project: string;
  beforeEach(() => {
    project = realpathSync(mkdtempSync(join(tmpdir(), 'webtask-bundle-')));
  });
  afterEach(() => rmSync(project, { recursive: true }));

  function bundle(files: Readonly<Record<string, string>>, file = 'webtasks/pay.js'): Promise<Bundle> {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(project, path)), { recursive: true });
      writeFileSync(join(project, path), text);
    }
    return bundleWebtask({ file: join(project, file), label: file, project }, {});
  }
  /** What the webtask gives, far from its files. */
  async function resultOf({ code }: Bundle): Promise<unknown> {
    const { run } = await compileWebtask({ code, file: '/nowhere/webtask.js' }, GIVEN);
    return new Promise((resolve, reject) => {
      run((error: unknown, value: unknown) => (error ? reject(error) : resolve(value)));
    });
  }

  it('is the text itself where it requires no file, to the byte', async () => {
    for (const text of ["'use npm';\r\nreturn (cb) => cb(null, 1);\r\n", 'export default (cb) => cb(null, 1);\n']) {
      expect(await bundle({ 'webtasks/pay.js': text })).to.deep.equal({ code: text, versions: {} });
    }
  });

  it('is JavaScript where it is TypeScript, since a server that keeps it knows no file name', async () => {
    const made = await bundle(
      { 'webtasks/pay.ts': 'export default (cb: any): void => cb(null, 1);\n' },
      'webtasks/pay.ts',
    );
    expect(made.code).to.not.include('any');
    expect(await resultOf(made)).to.equal(1);
  });

  it('requires `name@version` as it did, from the webtask and from the files beside it', async () => {
    const { code, versions } = await bundle({
      'webtasks/pay.js':
        "const a = () => require('ms@2.1.2');\nconst b = require('./b');\nreturn (cb) => cb(null, 1);\n",
      'webtasks/b.js': "module.exports = () => require('@scope/name@1.2.3/sub');\n",
    });
    expect(code).to.include("require('ms@2.1.2')").and.to.include('require("@scope/name@1.2.3/sub")');
    expect(versions).to.deep.equal({});
  });

  it('exports in every form, and each file beside it is loaded once, when it is first required', async () => {
    const files = {
      'lib/count.js': 'let count = 0;\nmodule.exports = () => ++count;\n',
      'lib/both.mjs': "import count from './count.js';\nexport const both = () => count();\nexport default 'both';\n",
      'lib/index.js': "throw new Error('it was loaded too early');\n",
    };
    const entries = {
      return:
        "const count = require('../lib/count');\nreturn (cb) => cb(null, [count(), require('../lib/both.mjs').both()]);\n",
      exports:
        "'use strict';\nconst early = () => require('../lib');\nconst count = require('../lib/count.js');\nmodule.exports = (cb) => cb(null, [count(), require('../lib/both.mjs').both()]);\n",
      default:
        "import count from '../lib/count.js';\nimport name, { both } from '../lib/both.mjs';\nexport default (cb) => cb(null, name && [count(), both()]);\n",
    };
    for (const [form, text] of Object.entries(entries)) {
      const made = await bundle({ ...files, 'webtasks/pay.js': text });
      expect(await resultOf(made), form).to.deep.equal([1, 2]);
    }
  });

  it('finds everything else where it was: Node’s modules, and require.resolve', async () => {
    const made = await bundle({
      'webtasks/pay.js':
        "const { join } = require('node:path');\nconst one = require('./one');\nreturn (cb) => cb(null, [join('a', 'b'), one, typeof require.resolve]);\n",
      'webtasks/one.js': "module.exports = require('path').posix.join('c', 'd');\n",
    });
    expect(await resultOf(made)).to.deep.equal([join('a', 'b'), 'c/d', 'function']);
  });

  it('takes no name that the webtask has', async () => {
    const made = await bundle({
      'webtasks/pay.js':
        "const one = require('./one');\nfunction webtaskBundle() { return 'own'; }\nreturn (cb) => cb(null, [one, webtaskBundle()]);\n",
      'webtasks/one.js': 'module.exports = 1;\n',
    });
    expect(await resultOf(made)).to.deep.equal([1, 'own']);
  });

  it('is refused where a file beside it does not compile, with file and line', async () => {
    const files = { 'webtasks/pay.js': "return require('./one');\n", 'webtasks/one.js': 'module.exports =\n  1 +;\n' };
    expect((await refusalOf(bundle(files))).message).to.equal(
      'webtasks/pay.js cannot be made one text: Unexpected ";" (webtasks/one.js:2).',
    );
  });

  it('is refused where the webtask does not compile, with file and line', async () => {
    const { code, message } = await refusalOf(bundle({ 'webtasks/pay.js': 'const a = 1;\nmodule.exports = 1 +;\n' }));
    expect([code, message]).to.deep.equal(['COMPILE_FAILED', 'Compilation failed: Unexpected ";" (webtasks/pay.js:2)']);
  });
});

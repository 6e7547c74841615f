import { expect } from 'chai';
import { findRequires } from '../../../runtime/compile/find-requires.ts';
import { refusalOf } from '../../support/refusal.ts';

const list = async (code: string, language: 'javascript' | 'typescript' = 'javascript') =>
  (await findRequires(code, 'webtasks/pay.js', language)).map(({ module, line }) => `${module}:${line}`);

describe('the modules that a webtask names', () => {
  it('are found in require and import(), at any depth, with the line', async () => {
    const code = [
      '#!/usr/bin/env node',
      "const a = require('a');",
      'return async function (cb) {',
      '  const b = require(`b@1.2.3/sub`);',
      "  try { require('./c'); } catch {}",
      "  await import('node:fs');",
      '};',
    ].join('\n');
    expect(await list(code)).to.deep.equal(['a:2', 'b@1.2.3/sub:4', './c:5', 'node:fs:6']);
  });

  it('are found in an ES module, with the line of the author and not of the translation', async () => {
    const code = [
      '// one',
      '',
      "import a from 'a';",
      "import 'side';",
      "export * from 'star';",
      "export { x } from 'named';",
      'export default function (cb) {',
      "  import('dynamic').then(() => a(cb));",
      '}',
    ].join('\n');
    expect(await list(code)).to.deep.equal(['a:3', 'side:4', 'star:5', 'named:6', 'dynamic:8']);
  });

  it('do not include imports of types, which are gone when the code runs', async () => {
    const code = [
      "import type { Context } from 'types';",
      "import { type Other, used } from 'values';",
      "import { onlyAType } from 'elided';",
      'interface Price { net: onlyAType; other: Other }',
      'module.exports = (context: Context, cb: (error: null, price: Price) => void) => cb(null, used());',
    ].join('\n');
    expect(await list(code, 'typescript')).to.deep.equal(['values:2']);
  });

  it('are named once, where they come first', async () => {
    expect(await list("require('a');\nrequire('b');\nrequire('a');")).to.deep.equal(['a:1', 'b:2']);
  });

  it('do not include what is computed, or only looks like a module', async () => {
    const code = [
      "const name = 'a';",
      'require(name);',
      "require('b' + name);",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a webtask
      'require(`c${name}`);',
      'import(name);',
      "other.require('d');",
      "const text = \"require('e')\"; // require('f')",
      'require();',
      'require(1);',
    ].join('\n');
    expect(await list(code)).to.deep.equal([]);
  });

  it("do not include the modules of a bundle, whose require is the bundler's own", async () => {
    const code =
      "(function (modules) {})({ 1: function (require, module) { require('./inside'); } });\nrequire('outside');";
    expect(await list(code)).to.deep.equal(['outside:2']);
  });

  it('cannot be listed where the code is no JavaScript', async () => {
    expect(await refusalOf(list('const = 1;'))).to.deep.equal({
      code: 'COMPILE_FAILED',
      message: 'Compilation failed: Expected identifier but found "=" (webtasks/pay.js:1)',
      fix: 'Correct the code there, or install the package that it misses.',
    });
  });
});

import { join } from 'node:path';
import { expect } from 'chai';
import { compileWebtask } from '../../../runtime/compile/index.ts';
import { functionPlace, runningPlace } from '../../../runtime/invoke/place.ts';
import { NOTHING_GIVEN } from '../../support/webtask.ts';

const compile = (code: string, file = join(process.cwd(), 'webtasks', 'pay.js')) =>
  compileWebtask({ code, file }, NOTHING_GIVEN);

describe('the place of a webtask’s function', () => {
  for (const [what, code, line] of [
    ['at the top', 'return cb => cb()', 1],
    ['after comments and a directive', '// a\n\n"use latest";\nreturn function (cb) {\n  cb();\n};', 4],
    ['on a line after its assignment', 'module.exports =\n\n  function (cb) {}', 3],
    ['behind a hashbang', '#!/usr/bin/env node\nreturn cb => cb()', 2],
    ['behind a byte order mark', '\uFEFF\nreturn cb => cb()', 2],
    ['in a class', 'class A {\n  static run(ctx, cb) {}\n}\nmodule.exports = A.run;', 2],
    ['hoisted', 'return run;\n\nfunction run(cb) {}', 3],
    ['with lines that end in CR LF', '// a\r\n\r\nreturn cb => cb()', 3],
    ['of { fetch }', '\nmodule.exports = {\n  async fetch(request) {\n    return new Response();\n  },\n};', 3],
    ['of { fetch } in an ES module', '\nexport default {\n  fetch: async () => new Response(),\n};', 3],
    ['in an ES module', "import os from 'node:os';\n\nexport default async (ctx, cb) => os;", 3],
  ] as const) {
    it(`is its line: ${what}`, async () => {
      expect(functionPlace(await compile(code))).to.equal(`webtasks/pay.js:${line}`);
    });
  }

  it('is the author’s own line in TypeScript', async () => {
    const code = 'interface A {\n  a: 1;\n}\n\nexport default (cb: (error: null, a: A) => void) => cb(null, { a: 1 });';
    expect(functionPlace(await compile(code, join(process.cwd(), 'webtasks', 'pay.ts')))).to.equal('webtasks/pay.ts:5');
  });

  it('is the file alone where other code made the function', async () => {
    expect(functionPlace(await compile('return (function (cb) {}).bind(null);'))).to.equal('webtasks/pay.js');
  });

  it('is an absolute path where the file is outside of the working directory', async () => {
    expect(functionPlace(await compile('\nreturn cb => cb()', '/elsewhere/pay.js'))).to.equal('/elsewhere/pay.js:2');
  });
});

describe('the place where a webtask is running', () => {
  it('is the line that is running', async () => {
    const webtask = await compile('return function (where) {\n\n  return where();\n};');
    expect(webtask.run(() => runningPlace(webtask))).to.equal('webtasks/pay.js:3');
  });

  it('is the place of its function where nothing of it is on the stack', async () => {
    expect(runningPlace(await compile('\nreturn cb => cb()'))).to.equal('webtasks/pay.js:2');
  });
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type CompileOptions, compile, type RuntimeError } from '../../../../runtime/harness/webtask-runtime.ts';
import { silent, uncaughtOf } from './support.ts';

type Run = (...args: unknown[]) => unknown;

/** The function that code compiles to. */
const compiled = (code: string, options: CompileOptions = {}): Promise<Run> =>
  new Promise((resolve, reject) => {
    compile(code, { logger: silent, ...options }, (error, run) => (error ? reject(error) : resolve(run as Run)));
  });

/** The error that code is refused with. */
const refusal = (code: string, options?: CompileOptions): Promise<RuntimeError> =>
  compiled(code, options).then(
    () => expect.fail('it was compiled'),
    (error) => error,
  );

describe('compile', () => {
  it('calls back with null and the function', (done) => {
    compile('module.exports = (ctx, cb) => {}', (error, webtask) => {
      expect(error).to.equal(null);
      expect(webtask).to.have.length(2);
      done();
    });
  });

  it('calls back in the open, so that what a test throws there fails it', async () => {
    const fail = () => {
      throw new Error('in the test');
    };
    expect(await uncaughtOf(() => compile('return (cb) => {}', fail))).to.include({ message: 'in the test' });
    expect(await uncaughtOf(() => compile('', fail))).to.include({ message: 'in the test' });
  });

  it('compiles under the given name, with the given module.webtask', async () => {
    const run = await compiled('return (cb) => [__filename, module.webtask.secrets, module.webtask.own]', {
      dirname: '/app',
      filename: 'pay.js',
      webtaskApi: { secrets: { a: 1 }, own: 2 },
    });
    expect(run()).to.deep.equal([join('/app', 'pay.js'), { a: 1 }, 2]);
    expect((await compiled('return (cb) => __filename'))()).to.equal(join(process.cwd(), 'webtask.js'));
  });

  it('understands "use latest", and TypeScript by its name', async () => {
    expect(await compiled('"use latest";\nmodule.exports = ({ a, ...b }, cb) => b')).to.have.length(2);
    expect(await compiled('export default (cb: () => void): void => cb();', { filename: 'a.ts' })).to.have.length(1);
  });

  it('refuses what is no function, or has the wrong parameters, in the words of the original', async () => {
    const NO_FUNCTION = 'Supplied code must return or export a function.';
    const SIGNATURE =
      'The JavaScript function must have one of the following signatures: ([ctx], callback) or (ctx, req, res).';
    for (const [code, reason] of [
      ['module.exports = "junk"', NO_FUNCTION],
      ['', NO_FUNCTION],
      ['module.exports = () => {}', SIGNATURE],
      ['module.exports = (a, b, c, d) => {}', SIGNATURE],
    ] as const) {
      const message = `Unable to compile submitted JavaScript. Error: ${reason}`;
      expect(await refusal(code)).to.include({ code: 400, message, details: message });
    }
  });

  it('refuses what fails to load with its error, which keeps its stack', async () => {
    const error = await refusal('\nthrow new TypeError("boom")', { dirname: '/app' });
    const { stack } = error;
    expect({ ...error }).to.deep.equal({
      code: 400,
      error: 'Unable to compile submitted JavaScript: TypeError: boom',
      details: 'TypeError: boom',
      name: 'TypeError',
      message: 'boom',
    });
    expect(stack).to.include(`${join('/app', 'webtask.js')}:2:7`);
    expect((await refusal('throw "boom"')).details).to.equal('boom');
    expect((await refusal('throw undefined')).error).to.equal('Unable to compile submitted JavaScript: undefined');
  });

  it('refuses what is no JavaScript, with the line', async () => {
    expect(await refusal('malformed javascript', { dirname: '/app' })).to.include({
      code: 400,
      name: 'SyntaxError',
      message: `Expected ";" but found "javascript" (${join('/app', 'webtask.js')}:1)`,
    });
  });
});

describe('the modules of compiled code', () => {
  const folder = mkdtempSync(join(tmpdir(), 'webtask-runtime-'));
  after(() => rmSync(folder, { recursive: true }));

  /** Puts a package into a folder of modules. */
  function install(modules: string, name: string, version: string, place = name): void {
    mkdirSync(join(folder, modules, place), { recursive: true });
    writeFileSync(join(folder, modules, place, 'package.json'), JSON.stringify({ name, version }));
    writeFileSync(join(folder, modules, place, 'index.js'), `module.exports = '${name} ${version}';`);
  }

  /** The error or the result of code that requires, and what it had installed. */
  async function installing(code: string, onInstall: () => void = () => undefined) {
    const asked: string[][] = [];
    const lines: string[] = [];
    const say = (line: string) => void lines.push(line);
    const result = await compiled(code, {
      dirname: folder,
      extraModulePaths: [join(folder, 'extra')],
      logger: { info: say, warn: say, error: say },
      installModules(specs, callback) {
        asked.push(specs);
        try {
          onInstall();
          callback();
        } catch (error) {
          callback(error as Error);
        }
      },
    }).then(
      (run) => run(),
      (error: Error) => error.message.split('\n', 1)[0],
    );
    return { asked, lines, result };
  }

  it('are looked for in extraModulePaths too', async () => {
    install('extra', 'far', '1.0.0');
    for (const code of [
      'return (cb) => require("far")',
      '"use npm"; return (cb) => [require("far"), require("far@1.0.0")].at(1)',
    ]) {
      expect(await installing(code)).to.deep.equal({ asked: [], lines: [], result: 'far 1.0.0' });
    }
  });

  it('are installed with "use npm", by their names and versions, wherever they are required', async () => {
    const code = `"use latest"; 'use npm';
      const fs = require('fs'), beside = () => require('./beside'), other = (id) => require(id);
      module.exports = (cb) => [require('one'), require('@scope/two@2.0.0')];`;
    const done = await installing(code, () => {
      install('node_modules', 'one', '1.0.0');
      install('node_modules', '@scope/two', '2.0.0', '@scope/two@2.0.0');
      install('node_modules', '@scope/two', '1.0.0');
    });
    expect(done).to.deep.equal({
      asked: [['one', '@scope/two@2.0.0']],
      lines: ['The code requires modules that are not installed: [one, @scope/two@2.0.0]. Installing them ...'],
      result: ['one 1.0.0', '@scope/two 2.0.0'],
    });
    expect((await installing(code)).asked).to.deep.equal([]);
  });

  it('are of whichever version there is, where "use npm" did not get the right one', async () => {
    install('node_modules', 'three', '3.0.0');
    const code = `"use npm"; return (cb) => [require('three@3.1.0/index.js'), require('three@3.2.0')];`;
    const { asked, result } = await installing(code);
    expect(asked).to.deep.equal([['three@3.1.0/index.js', 'three@3.2.0']]);
    expect(result).to.deep.equal(['three 3.0.0', 'three 3.0.0']);
  });

  it('are missing where they could not be installed, which is a warning before', async () => {
    const code = '"use npm";\nconst bogus = require("bogus@1.0.0/a");\nmodule.exports = (cb) => cb();';
    const failing = () => {
      throw new Error('no network');
    };
    expect(await installing(code, failing)).to.deep.equal({
      asked: [['bogus@1.0.0/a']],
      lines: [
        'The code requires modules that are not installed: [bogus@1.0.0/a]. Installing them ...',
        'An error was encountered while trying to install missing modules: no network',
        'Attempting to run the webtask anyway...',
      ],
      result: "Cannot find module 'bogus/a'",
    });
    const error = await refusal('"use npm"; require("bogus")');
    expect(error.message.split('\n', 1)[0]).to.equal("Cannot find module 'bogus'");
  });

  it('are not installed without the directive', async () => {
    for (const code of ['"use astrology"; require("bogus")', '// first\n"use npm"; require("bogus")']) {
      expect(await installing(code)).to.deep.equal({ asked: [], lines: [], result: "Cannot find module 'bogus'" });
    }
    expect(await refusal('require("bogus@1.0.0")')).to.include({
      message: "Cannot find module 'bogus' in version 1.0.0; no version is installed.",
      name: 'Error',
    });
  });
});

import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { runProgram } from '../support/program.ts';

/** Each wrong use, and the line that it is refused with. */
const WRONG_USES: readonly (readonly [args: string, line: string])[] = [
  ['sevre', "webtask: unknown command 'sevre' (Did you mean serve?) Run webtask --help. [WRONG_USE]"],
  ['new', "webtask new: missing required argument 'name'. Run webtask new --help. [WRONG_USE]"],
  ['new project', "webtask new: missing required argument 'folder'. Run webtask new --help. [WRONG_USE]"],
  [
    'new pay my-tasks',
    "webtask new: a folder goes with the word project, as in 'new project my-tasks'. Run webtask new --help. [WRONG_USE]",
  ],
  ['token nope', "webtask token: unknown command 'nope'. Run webtask token --help. [WRONG_USE]"],
  [
    'serve --prot 1',
    "webtask serve: unknown option '--prot' (Did you mean --port?) Run webtask serve --help. [WRONG_USE]",
  ],
  [
    'dev --port 65536',
    "webtask dev: option '--port <n>' argument '65536' is invalid. It is no port: a whole number from 0 to 65535. Run webtask dev --help. [WRONG_USE]",
  ],
  [
    'run a.js -H a',
    "webtask run: option '-H, --header <name: value>' argument 'a' is invalid. Write name: value. Run webtask run --help. [WRONG_USE]",
  ],
  [
    'run a.js -s =a',
    "webtask run: option '-s, --secret <name=value>' argument '=a' is invalid. Write name=value. Run webtask run --help. [WRONG_USE]",
  ],
  [
    'run a.js -X GET/',
    "webtask run: option '-X, --request <method>' argument 'GET/' is invalid. It is no method of HTTP. Run webtask run --help. [WRONG_USE]",
  ],
  ['run a.js', 'webtask run: The webtask a.js cannot be read. Check its path. [RUN_NO_FILE]'],
  ['dev a.js', 'webtask dev: The webtask a.js cannot be read. Check its path. [RUN_NO_FILE]'],
  ['dev .', 'webtask dev: The webtask . cannot be read. Check its path. [RUN_NO_FILE]'],
  [
    'token mint',
    "webtask token mint: required option '--container <name>' not specified. Run webtask token mint --help. [WRONG_USE]",
  ],
];

describe('the program webtask, used wrongly', () => {
  let cwd: string;
  before(() => {
    cwd = realpathSync(mkdtempSync(join(tmpdir(), 'webtask-program-')));
  });
  after(() => rmSync(cwd, { recursive: true, force: true }));
  const webtask = (args: string, env = {}) => runProgram('webtask', args.split(' '), { cwd, env });

  for (const [args, line] of WRONG_USES) {
    it(`says so in one line: ${args}`, async () => {
      expect(await webtask(args)).to.deep.equal({ status: 2, stdout: '', stderr: `${line}\n` });
    });
  }

  it('says of an environment that it cannot use which variable it is', async () => {
    expect(await webtask('serve', { WEBTASK_PORT: 'x' })).to.deep.equal({
      status: 2,
      stdout: '',
      stderr:
        "webtask serve: option '--port <n>' value 'x' from env 'WEBTASK_PORT' is invalid. It is no port: a whole number from 0 to 65535. Run webtask serve --help. [WRONG_USE]\n",
    });
  });
});

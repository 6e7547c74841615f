import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ProgramResult } from '../../support/program.ts';
import { createProject, type TestProject } from '../../support/project.ts';

/** What became of the tests of a run: the failure's message, or `passed`, or `pending`. */
interface Report {
  readonly outcomes: Readonly<Record<string, string>>;
  /** Stacks of failures, as a reporter shows them. */
  readonly stacks: Readonly<Record<string, string>>;
  readonly result: ProgramResult;
}

/** The parts of the report of mocha's JSON reporter that are read here. */
interface JsonReport {
  readonly tests: readonly { readonly title: string }[];
  readonly passes: readonly { readonly title: string }[];
  readonly pending: readonly { readonly title: string }[];
  readonly failures: readonly { readonly title: string; readonly err: { message: string; stack: string } }[];
}

async function runMocha(project: TestProject, args: readonly string[] = [], env = {}): Promise<Report> {
  const result = await project.mocha(['--reporter', 'json', '--reporter-option', 'output=report.json', ...args], env);
  const { passes, pending, failures }: JsonReport = JSON.parse(
    readFileSync(join(project.folder, 'report.json'), 'utf8'),
  );
  const outcomes: Record<string, string> = {};
  const stacks: Record<string, string> = {};
  for (const { title } of passes) outcomes[title] = 'passed';
  for (const { title } of pending) outcomes[title] = 'pending';
  for (const { title, err } of failures) {
    outcomes[title] = err.message;
    stacks[title] = err.stack;
  }
  return { outcomes, stacks, result };
}

const WEBTASKS = {
  'webtasks/never.js': '// line 1\nmodule.exports = (callback) => {};\n',
  'webtasks/silent.ts':
    'interface Nothing {}\n\nexport default (context: Nothing, req: Nothing, res: Nothing): void => {};\n',
  'webtasks/endless.js': 'module.exports = (context, req, res) => {\n  res.write("one");\n};\n',
  'webtasks/half.js':
    'module.exports = (context, req, res) => {\n  res.write("one");\n  throw new Error("no two");\n};\n',
  'webtasks/hangs-up.js':
    'module.exports = (context, req, res) => {\n  res.write("one");\n  setImmediate(() => res.destroy());\n};\n',
  'webtasks/at-once.js': 'module.exports = (callback) => {\n  callback(null, 1);\n  callback(null, 2);\n};\n',
  'webtasks/again.ts': `interface Context { query: Record<string, string> }

type Callback = (error: unknown, result: number) => void;

export default function again({ query }: Context, callback: Callback): void {
  callback(null, 1);
  const again = (): void => {
    callback(null, 2);
  };
  if (query.after === undefined) setImmediate(again);
  else setTimeout(again, Number(query.after));
}
`,
  'webtasks/throws.js': `module.exports = (context, callback) => {
  callback(null, 1);
  setImmediate(() => {
    throw new Error('lost ' + context.secrets.KEY);
  });
};
`,
  'webtasks/rejects.js': `module.exports = async (callback) => {
  callback(null, 1);
  throw new Error('too late');
};
`,
  'webtasks/slow.js': 'module.exports = (callback) => setTimeout(callback, 200, null, 1);\n',
  'webtasks/fine.js': 'module.exports = (callback) => callback(null, 1);\n',
  'webtasks/loads.js':
    'setImmediate(() => { throw new Error("not connected"); });\nmodule.exports = (callback) => callback(null, 1);\n',
};

describe('under mocha, a webtask that goes wrong', function () {
  this.timeout(20_000);
  let project: TestProject;
  let report: Report;
  before(async () => {
    project = createProject({
      ...WEBTASKS,
      'test/wrong.test.ts': `
import { expect } from 'chai';
import { compileFile, createContext, createRequest, createResponse, webtask } from 'webtask-kit/harness';

const get = async (file: string, url = '/'): Promise<unknown> =>
  (await webtask('webtasks/' + file, { secrets: { KEY: 'sk-12345' } })).get(url);
const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('a webtask', function () {
  this.timeout(2000);
  it('never calls back', () => get('never.js')).timeout(800);
  it('never ends its response', () => get('silent.ts')).timeout(800);
  it('begins its response and never ends it', () => get('endless.js')).timeout(800);
  it('throws in the middle of its response', () => get('half.js'));
  it('closes the connection in the middle of its response', () => get('hangs-up.js'));
  it('never calls back, when half of the time is over', async () => { await later(400); await get('never.js'); }).timeout(800);
  it('calls back twice at once', () => get('at-once.js'));
  it('calls back again after its answer was read', () => get('again.ts'));
  it('calls back again after its answer was read, with done', (done) => { get('again.ts').then(() => done(), done); });
  it('throws after its answer', () => get('throws.js'));
  it('rejects after its answer', () => get('rejects.js'));
  it('throws while it loads', () => get('loads.js'));
  it('goes wrong in a test that fails by itself', async () => { await get('again.ts'); expect(1).to.equal(2); });
  it('calls back again after its test', () => get('again.ts', '/?after=20'));
  it('does nothing wrong', () => later(60));
  it('answers in the time that its test sets while it runs', async function () {
    this.timeout(1000);
    await get('slow.js');
  }).timeout(100);
  it('answers', () => get('fine.js'));
  it('answers, with done', (done) => { get('fine.js').then(() => done(), done); });
});

describe('a test', () => {
  it('fails with done', (done) => { get('fine.js').then(() => done(new Error('mine')), done); });
  it('fails in a callback', (done) => { setTimeout(() => { throw new Error('uncaught of a test'); }, 1); });
  it('rejects unseen', (done) => { setTimeout(() => { Promise.reject(new Error('unseen of a test')); }, 1); });
  it('fails where a mocked response ends', (done) => { createResponse((res) => { expect(res.status).to.equal(201); done(); }).end(); });
  it('takes a callback and gives a promise', async (done) => { done(); });
  it('is skipped', function () { this.skip(); });
  let runs = 0;
  it('is tried again', async function () {
    this.retries(2);
    runs += 1;
    if (runs < 3) await get('at-once.js');
  });
  it('was tried three times', () => expect(runs).to.equal(3));
  it('misses a secret', async () => { await webtask('webtasks/fine.js', { secrets: ['API_KEY'] }); });
});
`,
    });
    report = await runMocha(project);
  });
  after(() => project.remove());

  for (const [title, outcome] of [
    ['never calls back', /^webtasks\/never\.js:2 never called back within \d{3,4} ms\.$/],
    ['never ends its response', /^webtasks\/silent\.ts:3 never answered within \d{3,4} ms\.$/],
    ['begins its response and never ends it', /^webtasks\/endless\.js:1 never ended its response within \d{3,4} ms\.$/],
    [
      'throws in the middle of its response',
      /^\S*webtasks\/half\.js had begun to answer when it threw Error: no two\n\s+at .*webtasks\/half\.js:3:9/,
    ],
    [
      'closes the connection in the middle of its response',
      'hangs-up closed the connection before its answer was whole.',
    ],
    [
      'never calls back, when half of the time is over',
      /^webtasks\/never\.js:2 never called back within [23]\d\d ms\.$/,
    ],
    ['calls back twice at once', 'webtasks/at-once.js:3 called back a second time.'],
    ['calls back again after its answer was read', 'webtasks/again.ts:8 called back a second time.'],
    ['calls back again after its answer was read, with done', 'webtasks/again.ts:8 called back a second time.'],
    [
      'throws after its answer',
      /^\S*webtasks\/throws\.js had answered when it threw Error: lost \*\*\*\n\s+at .*webtasks\/throws\.js:4:11/,
    ],
    [
      'rejects after its answer',
      /^\S*webtasks\/rejects\.js had answered when it threw Error: too late\n\s+at .*webtasks\/rejects\.js:3:9/,
    ],
    [
      'throws while it loads',
      /^\S*webtasks\/loads\.js was loaded when it threw Error: not connected\n\s+at .*loads\.js:1:/,
    ],
  ] as const) {
    it(`fails its test, by name and line, where it ${title}`, () => {
      if (typeof outcome === 'string') expect(report.outcomes[title]).to.equal(outcome);
      else expect(report.outcomes[title]).to.match(outcome);
    });
  }

  it('is named with its test, after all tests, where that had passed; and no other test fails for it', () => {
    expect(report.outcomes).to.include({
      'calls back again after its test': 'passed',
      'does nothing wrong': 'passed',
      '"after all" hook: afterAll in "{root}"':
        'After "a webtask calls back again after its test" was over: webtasks/again.ts:8 called back a second time.',
    });
  });

  it('leaves the tests after it as they are, in every way that mocha knows to pass, fail and skip', () => {
    const { outcomes } = report;
    expect(outcomes).to.include({
      'answers in the time that its test sets while it runs': 'passed',
      answers: 'passed',
      'answers, with done': 'passed',
      'fails with done': 'mine',
      'fails in a callback': 'uncaught of a test',
      'rejects unseen': 'unseen of a test',
      'fails where a mocked response ends': 'expected 200 to equal 201',
      'takes a callback and gives a promise':
        'Resolution method is overspecified. Specify a callback *or* return a Promise; not both.',
      'is skipped': 'pending',
      'is tried again': 'passed',
      'was tried three times': 'passed',
    });
    expect(Object.keys(outcomes)).to.have.length(28);
    expect(report.result.status).to.equal(20);
  });

  it('is refused with its missing secret and the line to add, in what a reporter shows', () => {
    expect(report.outcomes['misses a secret']).to.equal(
      'The secret API_KEY is neither in the environment nor in .env.',
    );
    expect(report.stacks['misses a secret']).to.match(
      /^WebtaskError: The secret API_KEY is neither in the environment nor in \.env\.\n {4}Add this line to \.env: API_KEY=… \[SECRET_MISSING\]\n {4}at /,
    );
  });

  it('is named when mocha has ended, and fails the run', async () => {
    const late = createProject({
      ...WEBTASKS,
      'test/last.test.ts': `
import { webtask } from 'webtask-kit/harness';
it('is the last', async () => (await webtask('webtasks/again.ts', { secrets: {} })).get('/?after=50'));
`,
    });
    const { outcomes, result } = await runMocha(late);
    late.remove();
    expect(outcomes).to.deep.equal({ 'is the last': 'passed' });
    expect(result).to.deep.include({
      status: 1,
      stderr: 'After "is the last" was over: webtasks/again.ts:8 called back a second time.\n',
    });
  });

  it('is named beside the failure of a test that fails by itself', () => {
    expect(report.outcomes['goes wrong in a test that fails by itself']).to.equal('expected 1 to equal 2');
    expect(report.result.stderr.split('\n')).to.include('      webtasks/again.ts:8 called back a second time.');
  });
});

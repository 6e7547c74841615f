import { expect } from 'chai';
import type { ProgramResult } from '../../support/program.ts';
import { createProject, type TestProject } from '../../support/project.ts';

describe('under mocha, what webtasks print', function () {
  this.timeout(20_000);
  let project: TestProject;
  let result: ProgramResult;
  before(async () => {
    project = createProject({
      '.env': 'API_KEY=sk-12345\n',
      'webtasks/prints.ts': `
declare const module: { webtask: { secrets: Record<string, string> } };
console.log('loading with', module.webtask.secrets.API_KEY);
export default (context: any, callback: any): void => {
  console.log(context.query.say, context.secrets.API_KEY);
  console.error('two\\nlines');
  context.secrets.APIKEY;
  callback(null, { ok: true });
};
`,
      'webtasks/throws.js': '\nthrow new Error("no " + module.webtask.secrets.API_KEY);',
      'test/output.test.ts': `
import { expect } from 'chai';
import { type Task, webtask } from 'webtask-kit/harness';

let task: Task;
beforeEach(async () => { task = await webtask('webtasks/prints.ts'); });

it('passes', async () => { await task.get('/?say=passing'); });
it('fails', async () => {
  const res = await task.get('/?say=failing');
  expect(res.logs).to.deep.equal(['failing sk-12345', 'two', 'lines']);
  expect(res).to.have.json({ ok: false });
});
it('fails with done', (done) => { task.get('/?say=done').then(() => done(new Error('mine')), done); });
let runs = 0;
it('passes at the second try', async () => {
  await task.get('/?say=try');
  expect(runs++).to.equal(1);
}).retries(1);
describe('a hook', () => {
  beforeEach('prepares', async () => {
    await task.get('/?say=hook');
    throw new Error('not prepared');
  });
  it('is never run', () => {});
});
it('throws a secret', async () => { await webtask('webtasks/throws.js'); });
it('prints itself', () => { console.log('printed by the test'); });
`,
    });
    result = await project.mocha();
  });
  after(() => project.remove());

  it('is shown for failing tests only, tries and hooks among them, and without secrets', () => {
    const shown = (said: string): string[] =>
      [
        'prints | loading with ***',
        `prints | ${said} ***`,
        'prints | two',
        'prints | lines',
        'prints: context.secrets.APIKEY was read, but no secret of that name was given. Did you mean API_KEY?',
      ].map((line) => `      ${line}`);
    expect(result.stderr.trimEnd().split('\n')).to.deep.equal([
      ...['failing', 'done', 'try'].flatMap(shown),
      '      prints | loading with ***', // of the test that throws
      ...shown('hook'),
    ]);
    expect(result.stdout).not.to.match(/passing \*|loading with \w/);
  });

  it('has its place in the failure of a webtask that throws while it loads, and no secret', () => {
    expect(result.stdout).to.match(
      /WebtaskError: Compilation failed: no \*\*\*\n.*Caused by: Error: no \*\*\*\n\s+at .*webtasks\/throws\.js:2:7\)\n/s,
    );
  });

  it('is not mixed up with what tests print', () => {
    expect(result.stdout.split('\n')).to.include('printed by the test');
  });

  it('is part of the response that a failed assertion shows', () => {
    expect(result.stdout).to.include(`expected the JSON body { ok: false }

  200
  content-type: application/json
  content-length: 11

  {"ok":true}
  | failing ***
  | two
  | lines
`);
    expect(result.stdout).not.to.include('sk-12345');
  });
});

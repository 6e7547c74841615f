import { join } from 'node:path';
import { expect } from 'chai';
import { type TestResponse, webtask } from 'webtask-kit/harness';
import { createProject, type TestProject } from '../../support/project.ts';

/** What a reader sees of a failed assertion: its message, and what mocha compares. */
function failureOf(assertion: () => unknown): {
  message: string;
  actual?: unknown;
  expected?: unknown;
  showDiff?: unknown;
} {
  try {
    assertion();
  } catch (error) {
    const { name, message, actual, expected, showDiff } = error as Error & Record<string, unknown>;
    if (name !== 'AssertionError') throw error;
    return { message, actual, expected, showDiff };
  }
  throw new Error('the assertion did not fail');
}

describe('the assertions on responses', () => {
  let project: TestProject;
  let res: TestResponse;
  let text: TestResponse;
  before(async () => {
    project = createProject({
      'webtasks/pay.js': `
module.exports = (context, req, res) => {
  const { KEY } = context.secrets;
  console.log('charged', KEY);
  console.log('done');
  res.writeHead(202, { 'Content-Type': 'application/json', 'Set-Cookie': ['a=1', 'b=' + KEY] });
  res.end(JSON.stringify({ paid: true, by: [KEY] }));
};`,
      'webtasks/text.js': `module.exports = (context, req, res) => res.end(context.query.long ? 'x'.repeat(3000) : 'two\\nlines');`,
    });
    res = await (await webtask(join(project.folder, 'webtasks/pay.js'), { secrets: { KEY: 'sk-12345' } })).get();
    text = await (await webtask(join(project.folder, 'webtasks/text.js'))).get();
  });
  after(() => project.remove());

  const SHOWN = `

  202
  content-type: application/json
  set-cookie: a=1
  set-cookie: b=***

  {"paid":true,"by":["***"]}
  | charged ***
  | done`;
  const TEXT = '\n\n  200\n  content-length: 9\n\n  two\n  lines';

  it('hold for what the response is, one after another, and for what it is not', () => {
    expect(res).to.have.status(202).and.header('Content-Type', 'application/json').and.log('done').and.json();
    expect(res).to.have.json({ by: ['sk-12345'], paid: true });
    expect(res).not.to.have.status(200);
    expect(res).not.to.have.json({ paid: true });
    expect(text).not.to.have.json();
  });

  it('find one of several headers of a name, in any spelling of it', () => {
    expect(res)
      .to.have.header('set-cookie', 'a=1')
      .and.header('SET-COOKIE', /^b=sk-/)
      .and.header('Set-Cookie');
    expect(res).not.to.have.header('Set-Cookie', 'a');
    expect(res).not.to.have.header('Location');
  });

  it('find whole lines by a text, and parts by a pattern, each time', () => {
    const pattern = /charged/g; // which remembers where it was
    for (let time = 0; time < 2; time++) expect(res).to.have.log(pattern).and.not.log('charged');
  });

  for (const [what, assertion, message] of [
    ['status', () => expect(res).to.have.status(200), `expected status 200 but got 202{}`],
    ['not status', () => expect(res).not.to.have.status(202), `expected a status other than 202{}`],
    ['not json', () => expect(res).not.to.have.json(), `expected no JSON body{}`],
    ['header', () => expect(res).to.have.header('Location'), `expected header Location{}`],
    ['a value', () => expect(res).to.have.header('Set-Cookie', 'c'), `expected header Set-Cookie: c{}`],
    ['a pattern', () => expect(res).to.have.header('Set-Cookie', /c/), `expected header Set-Cookie: /c/{}`],
    ['not header', () => expect(res).not.to.have.header('Set-Cookie', /a/), `expected no header Set-Cookie: /a/{}`],
    ['log', () => expect(res).to.have.log('paid'), `expected a printed line paid{}`],
    ['not log', () => expect(res).not.to.have.log(/sk-12345/), `expected no printed line /***/{}`],
  ] as const) {
    it(`show the whole response where they fail (${what}), and no secret`, () => {
      expect(failureOf(assertion).message).to.equal(message.replace('{}', SHOWN));
    });
  }

  it('show status codes as a difference', () => {
    expect(failureOf(() => expect(res).to.have.status(200))).to.include({ actual: 202, expected: 200, showDiff: true });
  });

  it('show JSON bodies as a difference, and no secret in it', () => {
    expect(failureOf(() => expect(res).to.have.json({ paid: false, by: ['sk-12345'] }))).to.deep.equal({
      message: `expected the JSON body { paid: false, by: [ '***' ] }${SHOWN}`,
      actual: { paid: true, by: ['***'] },
      expected: { paid: false, by: ['***'] },
      showDiff: true,
    });
    expect(failureOf(() => expect(res).not.to.have.json(res.json)).message).to.equal(
      `expected a JSON body other than { paid: true, by: [ '***' ] }${SHOWN}`,
    );
  });

  it('hand nothing but their message to a reporter where there is no difference to show', () => {
    expect(failureOf(() => expect(text).to.have.json())).to.deep.equal({
      message: `expected a JSON body${TEXT}`,
      actual: undefined,
      expected: undefined,
      showDiff: false,
    });
  });

  it('show the first 2000 characters of a long body', async () => {
    const long = await (await webtask(join(project.folder, 'webtasks/text.js'))).get('/?long=1');
    expect(failureOf(() => expect(long).to.have.status(404)).message).to.equal(
      `expected status 404 but got 200\n\n  200\n  content-length: 3000\n\n  ${'x'.repeat(2000)}…`,
    );
  });

  it('hold for an answer that is still coming, and show its head', async () => {
    const { stream, ...head } = await (await webtask(join(project.folder, 'webtasks/text.js'))).stream();
    expect({ stream, ...head }).to.have.status(200);
    const { message } = failureOf(() => expect({ stream, ...head }).to.have.status(404));
    expect(message).to.equal('expected status 404 but got 200\n\n  200\n  content-length: 9');
    stream.destroy();
  });

  it('fail by name for what is no response', () => {
    expect(failureOf(() => expect(undefined).to.have.status(200)).message).to.equal(
      'expected a response, as task.request() gives it, but got undefined',
    );
    expect(failureOf(() => expect({ status: 200 }).not.to.have.header('a')).message).to.equal(
      'expected a response, as task.request() gives it, but got { status: 200 }',
    );
  });
});

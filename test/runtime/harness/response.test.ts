import { join } from 'node:path';
import { expect } from 'chai';
import { type Task, webtask } from 'webtask-kit/harness';
import { createProject, type TestProject } from '../../support/project.ts';

describe('the answer to a request of a test', () => {
  let project: TestProject;
  before(() => {
    project = createProject({
      'webtasks/cookies.js': `
module.exports = (context, req, res) => {
  res.writeHead(201, { 'Set-Cookie': ['a=1', 'b=2'], 'X-One': 'one' });
  res.end(Buffer.from([0xc3, 0xbc, 0xff]));
};`,
      'webtasks/steps.js': `
const waiting = new Map();
module.exports = (context, req, res) => {
  if (req.url === '/next') return res.end(String(waiting.get('next')()));
  waiting.set('next', () => res.end('two'));
  console.log('before');
  res.writeHead(200, { 'Content-Type': 'text/event-stream' });
  res.write('one');
};`,
      'webtasks/prints.js': `
console.log('loading');
module.exports = (context, callback) => {
  console.log('a', { b: 1 });
  console.error('two\\nlines');
  process.stdout.write('unfinished');
  callback(null, context.query.as === 'text' ? 'x' : { ok: true });
};`,
      'webtasks/slow.js': 'module.exports = (callback) => setTimeout(callback, 30, null, 1);',
      'webtasks/fails.js': `module.exports = (callback) => callback(new Error('no ' + module.webtask.secrets.KEY));`,
    });
  });
  after(() => project.remove());

  const load = (name: string, secrets = {}): Promise<Task> =>
    webtask(join(project.folder, 'webtasks', name), { secrets });

  it('has status, headers in lower case with repeated ones as lists, text and bytes', async () => {
    const { durationMs, ...res } = await (await load('cookies.js')).get();
    expect(res).to.deep.equal({
      status: 201,
      headers: { 'set-cookie': ['a=1', 'b=2'], 'x-one': 'one' },
      body: 'ü\ufffd',
      bytes: Buffer.from([0xc3, 0xbc, 0xff]),
      json: undefined,
      logs: [],
    });
  });

  it('has its body parsed where it is JSON, whatever its type', async () => {
    const task = await load('prints.js');
    expect((await task.get()).json).to.deep.equal({ ok: true });
    expect((await task.get('/?as=text')).json).to.equal('x');
  });

  it('has the lines that the webtask printed for it, and not those of loading or of other requests', async () => {
    const task = await load('prints.js');
    const logs = ['a { b: 1 }', 'two', 'lines', 'unfinished'];
    const [one, two] = await Promise.all([task.get(), task.get()]);
    expect([one.logs, two.logs]).to.deep.equal([logs, logs]);
  });

  it('has the time until the end of its body', async () => {
    const { durationMs } = await (await load('slow.js')).get();
    expect(durationMs).to.be.within(29, 5000);
  });

  it('is the one of the platform where the webtask fails, without secrets', async () => {
    const { status, json } = await (await load('fails.js', { KEY: 'sk-12345' })).get();
    expect(status).to.equal(400);
    expect(json).to.include({ code: 400, error: 'Script returned an error.', message: 'no ***' });
  });

  it('can be read as it comes: the head and the first bytes before the webtask has ended it', async () => {
    const task = await load('steps.js');
    const { stream, ...head } = await task.stream({ url: '/' });
    expect(head).to.deep.equal({
      status: 200,
      headers: { 'content-type': 'text/event-stream' },
      logs: ['before'],
    });
    const chunks = stream.setEncoding('utf8')[Symbol.asyncIterator]();
    expect(await chunks.next()).to.deep.equal({ done: false, value: 'one' });
    await task.get('/next');
    expect(await chunks.next()).to.deep.equal({ done: false, value: 'two' });
    expect(await chunks.next()).to.deep.equal({ done: true, value: undefined });
  });
});

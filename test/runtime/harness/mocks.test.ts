import { join } from 'node:path';
import { expect } from 'chai';
import {
  compileFile,
  createContext,
  createRequest,
  createResponse,
  type RecordedResponse,
  webtask,
} from 'webtask-kit/harness';
import { createProject, type TestProject } from '../../support/project.ts';

/** Gives a response to code and waits for what it did with it. */
function recorded(use: (res: ReturnType<typeof createResponse>) => void): Promise<RecordedResponse> {
  return new Promise((resolve) => use(createResponse(resolve)));
}

describe('compileFile()', () => {
  let project: TestProject;
  before(() => {
    project = createProject({
      'webtasks/pay.js':
        'const { KEY } = module.webtask.secrets;\nmodule.exports = (context, callback) => callback(null, KEY);',
      'webtasks/typed.ts': 'export default (callback: (e: unknown, r: number) => void): void => callback(null, 1);',
    });
  });
  after(() => project.remove());

  it('gives the function of a webtask, which the test calls itself', async () => {
    const pay = await compileFile(join(project.folder, 'webtasks/pay.js'), { KEY: 'k' });
    const result = await new Promise((resolve) => pay(createContext(), (...args: unknown[]) => resolve(args)));
    expect(result).to.deep.equal([null, 'k']);
  });

  it('compiles TypeScript', async () => {
    expect(await compileFile(join(project.folder, 'webtasks/typed.ts'))).to.have.length(1);
  });
});

describe('createContext()', () => {
  it('is a context as the platform builds it: the query without its own keys, data with secrets on top', () => {
    const { id, storage, create_token, create_token_url, ...context } = createContext({
      url: '/?a=1&a=2&KEY=theirs&key=hidden&webtask_no_cache=1',
      secrets: { KEY: 'k' },
      params: { rate: 2 },
      body: { name: 'Ada', KEY: 'body' },
    });
    expect(id).to.match(/^\d+\.\d+$/);
    expect(context).to.deep.equal({
      data: { a: ['1', '2'], KEY: 'k', rate: 2, name: 'Ada' },
      query: { a: ['1', '2'], KEY: 'theirs' },
      params: { rate: 2 },
      secrets: { KEY: 'k' },
      meta: {},
      headers: {},
      body: { name: 'Ada', KEY: 'body' },
    });
  });

  it('has storage', (done) => {
    const { storage } = createContext();
    storage.set({ a: 1 }, { force: true }, () =>
      storage.get((error, data) => {
        expect({ error, data }).to.deep.equal({ error: null, data: { a: 1 } });
        done();
      }),
    );
  });
});

describe('createRequest()', () => {
  it("is Node's own request, with what the platform adds", async () => {
    const req = createRequest({ method: 'PUT', url: '/?jti=x&key=y', headers: { 'X-A': 'b' }, body: 'text' });
    expect(req).to.include({ method: 'PUT', url: '/?jti=x&key=y', httpVersion: '1.1' });
    expect(req.headers).to.deep.equal({ host: 'localhost', 'x-a': 'b', 'content-length': '4' });
    expect(req.query).to.deep.equal({ jti: 'x' });
    expect(req.x_wt).to.deep.equal({
      req_id: '0',
      container: 'webtask-local',
      url_format: 3,
      pb: 2,
      mb: 0,
      resolved_modules: null,
    });
    let body = '';
    for await (const chunk of req) body += chunk;
    expect(body).to.equal('text');
  });
});

describe('createResponse()', () => {
  it('tells of the answer when the webtask ends it, with the calls that it made', async () => {
    const answer = await recorded((res) => {
      res.writeHead(201, { 'Content-Type': 'text/plain', 'Set-Cookie': ['a', 'b'] });
      res.write('one ');
      res.end('two');
    });
    expect(answer).to.deep.equal({
      status: 201,
      headers: { 'content-type': 'text/plain', 'set-cookie': ['a', 'b'] },
      body: 'one two',
      calls: [
        ['writeHead', 201, { 'Content-Type': 'text/plain', 'Set-Cookie': ['a', 'b'] }],
        ['write', 'one '],
        ['end', 'two'],
      ],
    });
  });

  it('records no calls that Node makes of its own', async () => {
    const answer = await recorded((res) => {
      res.statusCode = 404;
      res.end('gone');
    });
    expect(answer).to.deep.equal({
      status: 404,
      headers: { 'content-length': '4' },
      body: 'gone',
      calls: [['end', 'gone']],
    });
    expect(
      (await recorded((res) => void res.write('a', () => res.end()))).calls.map(([method]) => method),
    ).to.deep.equal(['write', 'end']);
  });

  it('keeps a character whole that comes in two writes', async () => {
    const [first, second] = [Buffer.from([0xc3]), Buffer.from([0xbc])];
    const { body } = await recorded((res) => {
      res.write(first);
      res.end(second);
    });
    expect(body).to.equal('ü');
  });

  it('is read as it is written, so that a webtask that waits for `drain` goes on', async () => {
    const { body } = await recorded((res) => {
      let left = 10;
      const more = (): void => {
        left -= 1;
        if (left === 0) res.end();
        else if (res.write('x'.repeat(100_000))) setImmediate(more);
        else res.once('drain', more);
      };
      more();
    });
    expect(body).to.have.length(900_000);
  });

  it('does for chai what other answers do', async () => {
    const answer = await recorded((res) => res.writeHead(400, { 'Cache-Control': 'no-store' }).end('Missing jti.'));
    expect(answer).to.have.status(400).and.header('Cache-Control', 'no-store').and.not.header('Location');
    expect(() => expect(answer).to.have.status(200)).to.throw(
      'expected status 200 but got 400\n\n  400\n  cache-control: no-store\n\n  Missing jti.',
    );
  });
});

describe('createContext(), createRequest() and createResponse()', () => {
  it('run a webtask as webtask() does', async () => {
    const run = await compileFile('webtasks/examples/http.js');
    const mocked = await recorded((res) => run(createContext(), createRequest({ method: 'POST', body: 'abc' }), res));
    const task = await webtask('webtasks/examples/http.js', { secrets: {} });
    const { status, headers, body } = await task.post('/', { body: 'abc' });
    expect(mocked).to.deep.include({ status, headers, body });
  });
});

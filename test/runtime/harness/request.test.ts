import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { type Task, type TestRequest, webtask } from 'webtask-kit/harness';
import { createProject, type TestProject } from '../../support/project.ts';

/** Answers with the request as it saw it. */
const MIRROR = `
module.exports = (context, req, res) => {
  const chunks = [];
  req.on('data', (chunk) => chunks.push(chunk));
  req.on('end', () => {
    const { method, url, rawHeaders, query } = req;
    res.end(JSON.stringify({ method, url, rawHeaders, query, body: Buffer.concat(chunks).toString('latin1') }));
  });
};`;

describe('a request of a test', () => {
  let project: TestProject;
  let task: Task;
  before(async () => {
    project = createProject({ 'webtasks/mirror.js': MIRROR });
    task = await webtask(join(project.folder, 'webtasks/mirror.js'));
  });
  after(() => project.remove());

  it('is refused with a member that requests do not have, since it was misspelled', async () => {
    const misspelled = { querry: { a: '1' } } as TestRequest; // as JavaScript lets a test write it
    const error = await task.get('/', misspelled).catch((error) => error);
    expect(error.stack).to.match(
      /^WebtaskError: A request has no querry\.\n {4}It may have: method, url, query, headers, body\. \[HARNESS_OPTION\]\n/,
    );
  });

  const HOST = ['Host', 'localhost'];
  const sent = async (request?: TestRequest) => (await task.request(request)).json;

  it('is GET / where it says nothing', async () => {
    expect(await sent()).to.deep.equal({ method: 'GET', url: '/', rawHeaders: HOST, query: {}, body: '' });
    expect((await task.get()).json).to.deep.equal(await sent());
  });

  it('has any method, in upper case', async () => {
    expect((await sent({ method: 'patch' })).method).to.equal('PATCH');
    expect((await task.get('/a')).json).to.include({ method: 'GET', url: '/a' });
    expect((await task.put('/a')).json).to.include({ method: 'PUT', url: '/a' });
    expect((await task.post('/a')).json).to.include({ method: 'POST', url: '/a' });
    expect((await task.delete('/a')).json).to.include({ method: 'DELETE', url: '/a' });
  });

  it('may be given as a method, a URL and the rest', async () => {
    const { json } = await task.put('/?a=1', { headers: { X: 'y' }, query: { b: 2 }, body: 'text' });
    expect(json).to.deep.include({ method: 'PUT', url: '/?a=1&b=2', body: 'text' });
    expect(json.rawHeaders).to.include.members(['X', 'y']);
  });

  it('adds query to the query of its URL, encoded, a list as a repeated name', async () => {
    const query = { 'a b': 'ü&=?', list: ['x', 'y'], n: 1, yes: true };
    const { url, query: seen } = await sent({ url: '/p?q=0', query });
    expect(url).to.equal('/p?q=0&a+b=%C3%BC%26%3D%3F&list=x&list=y&n=1&yes=true');
    expect(seen).to.deep.equal({ q: '0', 'a b': 'ü&=?', list: ['x', 'y'], n: '1', yes: 'true' });
    expect((await sent({ query: { a: [] } })).url).to.equal('/');
  });

  it('has a path also where the test leaves out its first slash', async () => {
    expect((await sent({ url: '?a=1' })).url).to.equal('/?a=1');
    expect((await sent({ url: 'items', query: { a: 1 } })).url).to.equal('/items?a=1');
  });

  it('has the headers of the test as they are written, a list as a repeated one', async () => {
    const { rawHeaders } = await sent({ headers: { 'X-Name': 'a', accept: ['b', 'c'] } });
    expect(rawHeaders).to.deep.equal([...HOST, 'X-Name', 'a', 'accept', 'b', 'accept', 'c']);
  });

  it('has the headers of the test in place of those that a client adds', async () => {
    const headers = { host: 'example.com', 'content-type': 'application/ld+json' };
    const { rawHeaders } = await sent({ method: 'POST', headers, body: {} });
    expect(rawHeaders).to.deep.equal([
      ...['host', 'example.com', 'content-type', 'application/ld+json'],
      ...['Content-Length', '2'],
    ]);
  });

  for (const [what, body, type, bytes] of [
    ['an object as JSON', { a: 'ü' }, 'application/json', '{"a":"\xc3\xbc"}'],
    ['a list as JSON', [1, 2], 'application/json', '[1,2]'],
    ['URLSearchParams as a form', new URLSearchParams({ a: 'b c' }), 'application/x-www-form-urlencoded', 'a=b+c'],
    ['a text as it is, in UTF-8', 'ü', undefined, '\xc3\xbc'],
    ['a Buffer as it is', Buffer.from([0, 255]), undefined, '\x00\xff'],
    ['bytes as they are', new Uint8Array([1, 254]), undefined, '\x01\xfe'],
    ['an empty text', '', undefined, ''],
  ] as const) {
    it(`sends ${what}`, async () => {
      const { body: seen, rawHeaders } = await sent({ method: 'POST', body });
      expect(seen).to.equal(bytes);
      const typed = type === undefined ? [] : ['Content-Type', type];
      expect(rawHeaders).to.deep.equal([...HOST, ...typed, 'Content-Length', String(bytes.length)]);
    });
  }

  it('sends a stream as it comes, in chunks of unknown length', async () => {
    const body = Readable.from([Buffer.from('one '), Buffer.from('two')]);
    const seen = await sent({ method: 'POST', body });
    expect(seen.body).to.equal('one two');
    expect(seen.rawHeaders).to.deep.equal([...HOST, 'Transfer-Encoding', 'chunked']);
  });
});

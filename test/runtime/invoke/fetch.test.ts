import { Readable } from 'node:stream';
import { expect } from 'chai';
import { sendWebResponse, toWebRequest } from '../../../runtime/invoke/fetch.ts';
import { openExchange } from '../../../runtime/invoke/http/index.ts';
import type { RunRequest } from '../../../runtime/invoke/index.ts';
import { run } from '../../support/webtask.ts';

const { signal } = new AbortController();

/** The web-standard form of a request. */
const webRequest = (request: Partial<RunRequest>): Request =>
  toWebRequest(openExchange({ method: 'GET', url: '/', rawHeaders: [], ...request }).req, signal);

/** What a web-standard response becomes. */
async function sent(response: Response, method = 'GET') {
  const { res, reply } = openExchange({ method, url: '/', rawHeaders: [] });
  const sending = sendWebResponse(response, res);
  const answer = (await reply) ?? expect.fail('no answer');
  let body = '';
  for await (const chunk of answer.body) body += chunk;
  await sending;
  return { status: answer.status, statusMessage: answer.statusMessage, rawHeaders: answer.rawHeaders, body };
}

describe('the web-standard request', () => {
  it('has method, URL and headers of the request', () => {
    const request = webRequest({
      method: 'DELETE',
      url: '/a/b?x=1&x=2',
      rawHeaders: ['Host', 'here.test:8080', 'X-A', '1', 'x-a', '2', 'Cookie', 'c=3'],
    });
    expect([request.method, request.url]).to.deep.equal(['DELETE', 'http://here.test:8080/a/b?x=1&x=2']);
    expect([...request.headers]).to.deep.equal([
      ['cookie', 'c=3'],
      ['host', 'here.test:8080'],
      ['x-a', '1, 2'],
    ]);
  });

  it('has the host of its header, whatever its path looks like', () => {
    expect(webRequest({ url: '//evil.test/a', rawHeaders: ['Host', 'here.test'] }).url).to.equal(
      'http://here.test//evil.test/a',
    );
    expect(webRequest({ url: '/a' }).url).to.equal('http://localhost/a');
  });

  it('has the body as it comes, except for GET and HEAD, which have none', async () => {
    expect(await webRequest({ method: 'POST', body: 'abc' }).text()).to.equal('abc');
    expect(
      await webRequest({ method: 'PUT', body: Readable.from([Buffer.from('a'), Buffer.from('b')]) }).text(),
    ).to.equal('ab');
    for (const method of ['GET', 'HEAD']) expect(webRequest({ method, body: 'abc' }).body).to.equal(null);
  });

  it('is aborted when its caller leaves', async () => {
    const left = new AbortController();
    const code = `export default { fetch: (request) => new Promise((resolve) => {
      request.signal.addEventListener('abort', () => { console.log('aborted'); resolve(new Response()); });
      console.log('waiting');
    }) }`;
    const lines: string[] = [];
    const onLine = (line: string): void => {
      lines.push(line);
      left.abort();
    };
    const error = await run(code, { signal: left.signal }, { onLine }).catch((error: Error) => error);
    expect(error).to.include({ code: 'RUN_CONNECTION_CLOSED' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(lines).to.deep.equal(['waiting', 'aborted']);
  });
});

describe('a web-standard response', () => {
  it('is sent with status, status text, headers and body', async () => {
    expect(
      await sent(new Response('made', { status: 201, statusText: 'Made', headers: { 'X-A': '1' } })),
    ).to.deep.equal({
      status: 201,
      statusMessage: 'Made',
      rawHeaders: ['content-type', 'text/plain;charset=UTF-8', 'x-a', '1'],
      body: 'made',
    });
  });

  it('has the usual status text where it says none', async () => {
    expect(await sent(new Response('', { status: 404 }))).to.include({ status: 404, statusMessage: 'Not Found' });
  });

  it('keeps its cookies apart', async () => {
    const headers = new Headers([
      ['Set-Cookie', 'a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT'],
      ['Set-Cookie', 'b=2'],
    ]);
    expect((await sent(new Response(null, { headers }))).rawHeaders).to.deep.equal([
      ...['set-cookie', 'a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT'],
      ...['set-cookie', 'b=2', 'Content-Length', '0'],
    ]);
  });

  it('without a body has none', async () => {
    expect(await sent(new Response(null, { status: 204 }))).to.deep.equal({
      status: 204,
      statusMessage: 'No Content',
      rawHeaders: [],
      body: '',
    });
  });

  it('to HEAD has no body', async () => {
    expect(await sent(Response.json({ a: 1 }), 'HEAD')).to.include({ status: 200, body: '' });
  });

  it('may redirect', async () => {
    const { status, rawHeaders } = await sent(Response.redirect('https://there.test/', 307));
    expect({ status, rawHeaders }).to.deep.equal({
      status: 307,
      rawHeaders: ['location', 'https://there.test/', 'Content-Length', '0'],
    });
  });

  it('is sent as it comes, piece by piece', async () => {
    const pieces = ['a', 'b', 'c'];
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        const piece = pieces.shift();
        if (piece === undefined) controller.close();
        else controller.enqueue(new TextEncoder().encode(piece));
      },
    });
    expect(await sent(new Response(stream))).to.include({ body: 'abc' });
  });

  it('that was read already, or is none, is an error of the webtask', async () => {
    const used = `export default { async fetch() { const response = new Response('x'); await response.text(); return response; } }`;
    expect(await run(used)).to.include({ status: 400, source: 'webtask' });
    expect(JSON.parse((await run('export default { fetch: () => Response.error() }')).body)).to.include({
      code: 400,
      name: 'RangeError',
    });
  });

  it('whose stream fails closes the connection', async () => {
    const failing = `export default { fetch: () => new Response(new ReadableStream({
      pull(controller) { controller.error(new Error('broke')); }
    })) }`;
    expect(await run(failing).catch((error: Error) => error)).to.include({ code: 'RUN_CONNECTION_CLOSED' });
  });
});

import { expect } from 'chai';
import { useServer } from './server.ts';

const SHOW = `module.exports = (ctx, cb) => cb(null, {
  body: ctx.body === undefined ? 'undefined' : ctx.body, raw: ctx.body_raw, data: ctx.data, query: ctx.query });`;

describe('B. body handling', () => {
  const server = useServer();

  /** Creates a webtask and posts to it. Gives what it answered, from JSON. */
  async function post(
    code: string,
    type: string,
    body: string,
    { path = 'body', claims = {} }: { path?: string; claims?: object } = {},
  ): Promise<Record<string, unknown>> {
    await server.create('body', code, claims);
    const response = await server.run(path, { method: 'POST', headers: { 'Content-Type': type }, body });
    expect(response.status).to.equal(200);
    return (await response.json()) as Record<string, unknown>;
  }

  it('27. JSON that is posted to (ctx, cb) is ctx.body', async () => {
    const seen = await post(SHOW, 'application/json', '{"a":[1]}', { claims: { pb: 2 } });
    expect(seen.body).to.deep.equal({ a: [1] });
  });

  it('28. a form is an object of texts', async () => {
    const seen = await post(SHOW, 'application/x-www-form-urlencoded', 'foo=bar&n=1');
    expect(seen.body).to.deep.equal({ foo: 'bar', n: '1' });
  });

  it('29. malformed JSON leaves ctx.body undefined, and its text in ctx.body_raw', async () => {
    const seen = await post(SHOW, 'application/json', '{"a":');
    expect(seen).to.include({ body: 'undefined', raw: '{"a":' });
  });

  for (const claims of [{}, { pb: 2 }]) {
    it(`30. (ctx, req, res) finds its body unread with ${JSON.stringify(claims)}`, async () => {
      const stream = `module.exports = (ctx, req, res) => {
        let text = '';
        req.on('data', (chunk) => { text += chunk; });
        req.on('end', () => res.end(JSON.stringify({ text, body: typeof ctx.body })));
      };`;
      const seen = await post(stream, 'application/json', '{"a":1}', { claims });
      expect(seen).to.deep.equal({ text: '{"a":1}', body: 'undefined' });
    });
  }

  it('30. and so does the parser of an Express app', async function () {
    this.timeout(60_000); // another server fetches Express
    const app = `const express = require('express');
      const app = express();
      app.use(express.json());
      app.use((req, res) => res.json(req.body));
      module.exports = require('webtask-tools').fromExpress(app);`;
    expect(await post(app, 'application/json', '{"a":1}')).to.deep.equal({ a: 1 });
  });

  it('31. (ctx, req, res) with pb 1 has its body parsed', async () => {
    const raw = 'module.exports = (ctx, req, res) => res.end(JSON.stringify({ body: ctx.body }));';
    expect(await post(raw, 'application/json', '{"a":1}', { claims: { pb: 1 } })).to.deep.equal({ body: { a: 1 } });
  });

  it('32. with mb 1 the body fills ctx.data, and replaces nothing in it', async () => {
    const seen = await post(SHOW, 'application/json', '{"b":2,"q":"body","p":"body","S":"body"}', {
      path: 'body?q=query',
      claims: { mb: 1, pctx: { p: 'param' }, ectx: { S: 'secret' } },
    });
    expect(seen.data).to.deep.equal({ b: 2, q: 'query', p: 'param', S: 'secret' });
  });

  it('33. without mb the body is not in ctx.data', async () => {
    expect((await post(SHOW, 'application/json', '{"b":2}')).data).to.deep.equal({});
  });

  it('34. text has no ctx.body, and is in ctx.body_raw', async () => {
    expect(await post(SHOW, 'text/plain', 'hello')).to.include({ body: 'undefined', raw: 'hello' });
  });

  it("35. the platform's keys are neither in ctx.query nor in ctx.data", async () => {
    const path = 'body?a=1&key=x&webtask_no_cache=1&webtask_pb=1&webtask_anything=2';
    const seen = await post(SHOW, 'text/plain', '', { path });
    expect([seen.query, seen.data]).to.deep.equal([{ a: '1' }, { a: '1' }]);
  });
});

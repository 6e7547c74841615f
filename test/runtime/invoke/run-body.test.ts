import { expect } from 'chai';
import { run, withBody } from '../../support/webtask.ts';

describe('the body of a request', () => {
  const seen = 'return (ctx, cb) => cb(null, { body: ctx.body, raw: ctx.body_raw, data: ctx.data })';

  it('is parsed where it is JSON or a form', async () => {
    expect(JSON.parse((await run(seen, withBody('application/json; charset=utf-8', '{"a":1}'))).body)).to.deep.equal({
      body: { a: 1 },
      raw: '{"a":1}',
      data: {},
    });
    expect(
      JSON.parse((await run(seen, withBody('application/x-www-form-urlencoded', 'a=1&b=2&b=3'))).body).body,
    ).to.deep.equal({ a: '1', b: ['2', '3'] });
  });

  it('is only text where it is malformed or of another type', async () => {
    expect(JSON.parse((await run(seen, withBody('application/json', '{"a":'))).body)).to.deep.equal({
      raw: '{"a":',
      data: {},
    });
    expect(JSON.parse((await run(seen, withBody('text/plain', 'hi'))).body)).to.deep.equal({ raw: 'hi', data: {} });
  });

  it('is absent where there is none', async () => {
    expect(JSON.parse((await run(seen)).body)).to.deep.equal({ data: {} });
  });

  it('is merged into data where that is on, and replaces nothing', async () => {
    const reply = await run(
      seen,
      { ...withBody('application/json', '{"q":"body","p":"body","S":"body","b":2}'), url: '/?q=query' },
      { mergeBody: true, params: { p: 'param' }, secrets: { S: '' } },
    );
    expect(JSON.parse(reply.body).data).to.deep.equal({ q: 'query', p: 'param', S: '', b: 2 });
  });

  it('is merged where the query asks for it', async () => {
    const reply = await run(seen, { ...withBody('application/json', '{"b":2}'), url: '/?webtask_mb=1' });
    expect(JSON.parse(reply.body).data).to.deep.equal({ b: 2 });
  });

  const raw =
    'return (ctx, req, res) => { let text = ""; req.on("data", (c) => text += c).on("end", () => res.end(JSON.stringify([ctx.body, text]))) }';

  it('is left unread for (context, req, res)', async () => {
    for (const parseBody of [0, 2] as const) {
      expect((await run(raw, withBody('application/json', '{"a":1}'), { parseBody })).body).to.equal(
        '[null,"{\\"a\\":1}"]',
      );
    }
  });

  it('is parsed for (context, req, res) where the token or the query says so', async () => {
    const parsed = 'return (ctx, req, res) => res.end(JSON.stringify([ctx.body, req.readableEnded, req.raw_body]))';
    const json = withBody('application/json', '{"a":1}');
    expect((await run(parsed, json, { parseBody: 1 })).body).to.equal('[{"a":1},true,"{\\"a\\":1}"]');
    expect((await run(parsed, { ...json, url: '/?webtask_pb=1' })).body).to.equal('[{"a":1},true,"{\\"a\\":1}"]');
  });

  it('is never parsed where the token says so', async () => {
    expect((await run(seen, withBody('application/json', '{"a":1}'), { parseBody: 0 })).body).to.equal('{"data":{}}');
  });

  it('is refused when it is larger than what is read', async () => {
    const reply = await run(seen, withBody('text/plain', 'x'.repeat(1_000_000)));
    expect(reply).to.include({ status: 400, source: 'proxy' });
    expect(JSON.parse(reply.body)).to.include({ code: 400, message: 'Script exceeds the size limit.' });
  });
});

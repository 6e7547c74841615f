import type { IncomingMessage } from 'node:http';
import { PassThrough, Readable } from 'node:stream';
import { expect } from 'chai';
import { readBody } from '../../../runtime/context/index.ts';
import { WebtaskError } from '../../../runtime/errors.ts';
import { openExchange } from '../../../runtime/invoke/http/index.ts';

/** A request with a body. */
function requestOf(body: string | Buffer | Readable, type?: string): IncomingMessage {
  const framing = body instanceof Readable ? ['Transfer-Encoding', 'chunked'] : ['Content-Length', String(body.length)];
  const rawHeaders = type === undefined ? framing : [...framing, 'Content-Type', type];
  return openExchange({ method: 'POST', url: '/', rawHeaders, body }).req;
}

const read = (body: string | Buffer | Readable, type?: string) => readBody(requestOf(body, type), 100);

const JSON_TYPE = 'application/json';
const FORM_TYPE = 'application/x-www-form-urlencoded';

describe('the body of a request', () => {
  for (const [what, type, text, body] of [
    ['JSON', JSON_TYPE, '{"a":[1,null]}', { a: [1, null] }],
    ['JSON with a charset', `${JSON_TYPE}; charset=utf-8`, '"é"', 'é'],
    ['JSON in other letters', 'Application/JSON', '{"a":1}', { a: 1 }],
    ['JSON that is no object', JSON_TYPE, 'false', false],
    ['a form', FORM_TYPE, 'a=1&b=2&b=3&c=%C3%A9+x', { a: '1', b: ['2', '3'], c: 'é x' }],
    ['an empty form', FORM_TYPE, '', {}],
  ] as const) {
    it(`is parsed where it is ${what}`, async () => {
      expect(await read(text, type)).to.deep.equal({ body, raw: text });
    });
  }

  for (const [what, type, text] of [
    ['JSON that is malformed', JSON_TYPE, '{"a":'],
    ['JSON that is empty', JSON_TYPE, ''],
    ['another type', 'text/plain', '{"a":1}'],
    ['JSON of another kind', 'application/vnd.api+json', '{"a":1}'],
    ['without a type', undefined, '{"a":1}'],
  ] as const) {
    it(`is only text where it is ${what}`, async () => {
      expect(await read(text, type)).to.deep.equal({ body: undefined, raw: text });
    });
  }

  it('is nothing where the request has none, which is not waited for', async () => {
    const { req } = openExchange({
      method: 'GET',
      url: '/',
      rawHeaders: ['Content-Type', JSON_TYPE],
      body: new PassThrough(),
    });
    expect(await readBody(req, 100)).to.deep.equal({ body: undefined, raw: undefined });
  });

  it('is put together of its pieces, also where they cut a character', async () => {
    const [first, second] = [Buffer.from('{"a":"é"}').subarray(0, 7), Buffer.from('{"a":"é"}').subarray(7)];
    expect(await read(Readable.from([first, second]), JSON_TYPE)).to.deep.equal({ body: { a: 'é' }, raw: '{"a":"é"}' });
  });

  it('has __proto__ as a name like others', async () => {
    for (const [type, text] of [
      [JSON_TYPE, '{"__proto__":"x"}'],
      [FORM_TYPE, '__proto__=x'],
    ] as const) {
      const { body } = await read(text, type);
      expect(Object.entries(body as object)).to.deep.equal([['__proto__', 'x']]);
      expect(Object.getPrototypeOf(body)).to.equal(Object.prototype);
    }
  });

  it('may be as large as what is read', async () => {
    expect((await read('x'.repeat(100))).raw).to.equal('x'.repeat(100));
  });

  it('is refused where it is larger, in bytes, whatever length was told', async () => {
    for (const body of ['x'.repeat(101), 'é'.repeat(51), Readable.from([Buffer.alloc(60), Buffer.alloc(60)])]) {
      const error = await read(body, JSON_TYPE).catch((error: unknown) => error);
      expect(error)
        .to.be.instanceOf(WebtaskError)
        .that.includes({ code: 'BODY_TOO_LARGE', message: 'Script exceeds the size limit.' });
    }
  });

  it('is read to its end and dropped where it is larger, so that the caller comes to take the answer', async () => {
    const source = new PassThrough();
    const req = requestOf(source);
    source.write(Buffer.alloc(101));
    expect(await readBody(req, 100).catch((error: unknown) => error)).to.include({ code: 'BODY_TOO_LARGE' });
    const ended = new Promise((resolve) => req.once('end', resolve));
    source.end(Buffer.alloc(1_000_000));
    await ended;
  });

  it('that breaks off is an error', async () => {
    const source = new PassThrough();
    const reading = read(source, JSON_TYPE).catch((error: unknown) => error);
    source.write('{"a":');
    source.destroy();
    expect(await reading).to.include({ code: 'ECONNRESET', message: 'aborted' });
  });
});

import { expect } from 'chai';
import { compileWebtask } from '../../../runtime/compile/index.ts';
import { WebtaskError } from '../../../runtime/errors.ts';
import { platformFailure, webtaskFailure } from '../../../runtime/invoke/failure.ts';
import { runWebtask } from '../../../runtime/invoke/index.ts';
import { NOTHING_GIVEN, readReply, run, SETTINGS } from '../../support/webtask.ts';

/** An error with a stack that is the same everywhere. */
const failed = (fields: object = {}) =>
  Object.assign(new TypeError('no'), { stack: 'TypeError: no\n    at x' }, fields);

describe('an error of a webtask', () => {
  it('is answered with all that is known of it, as indented JSON', () => {
    expect(webtaskFailure('returned', failed())).to.deep.equal({
      status: 400,
      source: 'webtask',
      body: `{
  "code": 400,
  "error": "Script returned an error.",
  "details": "TypeError: no",
  "name": "TypeError",
  "message": "no",
  "stack": "TypeError: no\\n    at x"
}`,
    });
  });

  for (const call of ['res.statusCode = 101; res.end("x")', 'res.writeHead(103); res.end()', 'res.writeHeader(100)']) {
    it(`may be a status that is no answer, for which its caller would wait on: ${call}`, async () => {
      const reply = await run(`return (ctx, req, res) => { ${call} }`);
      expect(reply).to.include({ status: 500, source: 'webtask' });
      expect(JSON.parse(reply.body)).to.include({
        error: 'Script generated an unhandled synchronous exception.',
        details: `RangeError: Invalid status code: ${/1\d\d/.exec(call)} is informational, and no answer`,
      });
    });
  }

  for (const [how, status, error] of [
    ['returned', 418, 'Script returned an error.'],
    ['serializing', 400, 'Error when JSON serializing the result of the JavaScript code.'],
    ['threw', 500, 'Script generated an unhandled synchronous exception.'],
    ['uncaught', 500, 'Script generated an unhandled asynchronous exception.'],
  ] as const) {
    it(`is told in the words of the original, and its statusCode counts where it was returned: ${how}`, () => {
      const failure = webtaskFailure(how, failed({ statusCode: 418 }));
      expect(failure).to.include({ status, source: 'webtask' });
      expect(JSON.parse(failure.body)).to.include({ code: status, error });
    });
  }

  for (const [statusCode, status] of [
    [200, 200],
    [599, 599],
    [199, 400],
    [600, 400],
    [0, 400],
    ['404', 400],
    [404.5, 400],
    [Number.NaN, 400],
  ] as const) {
    it(`has the status ${status} where its statusCode is ${JSON.stringify(statusCode)}`, () => {
      expect(webtaskFailure('returned', { statusCode })).to.include({ status });
    });
  }

  for (const [what, cause, details] of [
    ['text', 'text', 'text'],
    ['a number', 42, '42'],
    ['nothing', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a symbol', Symbol('s'), 'Symbol(s)'],
    ['an object', { a: 1 }, '[object Object]'],
    ['an object without a prototype', Object.create(null), '[object Object]'],
    ['an object that has its own text', { toString: () => 'mine' }, 'mine'],
  ] as const) {
    it(`has only details where it is ${what}`, () => {
      const { body } = webtaskFailure('threw', cause);
      expect(JSON.parse(body)).to.deep.equal({
        code: 500,
        error: 'Script generated an unhandled synchronous exception.',
        details,
      });
    });
  }

  it('takes the place of all that the webtask had prepared', async () => {
    const code = `return (ctx, req, res) => {
      res.statusMessage = 'Fine';
      res.setHeader('Content-Length', 3).setHeader('Content-Encoding', 'gzip').setHeader('Set-Cookie', 'a=1');
      throw new Error('x');
    }`;
    const webtask = await compileWebtask({ code, file: '/app/hello.js' }, NOTHING_GIVEN);
    const reply = await runWebtask(webtask, { method: 'GET', url: '/', rawHeaders: [] }, SETTINGS);
    expect(reply).to.include({ status: 500, statusMessage: 'Internal Server Error' });
    const { body } = await readReply(reply);
    const length = String(Buffer.byteLength(body));
    expect(reply.rawHeaders).to.deep.equal(['Content-Type', 'application/json', 'Content-Length', length]);
    expect(JSON.parse(body)).to.include({ code: 500, details: 'Error: x' });
  });
});

describe('an error of the platform', () => {
  const answer = (error: WebtaskError) => {
    const { status, source, body } = platformFailure(error, '1.2');
    return { status, source, body: JSON.parse(body) };
  };

  it('is the compiler’s where the code exports no function', () => {
    const error = new WebtaskError('COMPILE_NOT_A_FUNCTION', { exported: 'an object' });
    expect(answer(error)).to.deep.equal({
      status: 400,
      source: 'compiler',
      body: {
        code: 400,
        message: 'Invalid webtask code',
        error: 'Supplied code must return or export a function. It exported an object.',
      },
    });
  });

  it('is the compiler’s where the function has another signature', () => {
    const { source, body } = answer(new WebtaskError('COMPILE_SIGNATURE', { length: 4 }));
    const message =
      'The JavaScript function must have one of the following signatures: ([ctx], callback) or (ctx, req, res). It has 4 parameters.';
    expect({ source, body }).to.deep.equal({ source: 'compiler', body: { code: 400, message, error: message } });
  });

  it('is the compiler’s where the code does not compile, with the stack of its cause', () => {
    const error = new WebtaskError('COMPILE_FAILED', { reason: "Cannot find module 'x'", stack: 'Error: its own' });
    expect(answer(error)).to.deep.equal({
      status: 400,
      source: 'compiler',
      body: {
        code: 400,
        message: "Compilation failed: Cannot find module 'x'",
        error: "Cannot find module 'x'",
        stack: 'Error: its own',
      },
    });
  });

  it('shows no stack of the platform, which says where it is installed', () => {
    const { body } = answer(new WebtaskError('MODULE_UNKNOWN', { module: 'x@1.0.0' }));
    const error = "Cannot find module 'x@1.0.0': the registry does not have it.";
    expect(body).to.deep.equal({ code: 400, message: `Compilation failed: ${error}`, error, stack: `Error: ${error}` });
  });

  it('is the proxy’s in every other case, with the id of the request', () => {
    expect(answer(new WebtaskError('RUN_TIMED_OUT', { webtask: 'pay', limitMs: 30_000 }))).to.deep.equal({
      status: 504,
      source: 'proxy',
      body: { code: 504, message: 'pay did not answer within 30000 ms.', req_id: '1.2' },
    });
    expect(answer(new WebtaskError('TOKEN_EXPIRED', { exp: 1 }))).to.deep.equal({
      status: 403,
      source: 'proxy',
      body: { code: 403, message: 'expired JWT token', req_id: '1.2' },
    });
  });
});

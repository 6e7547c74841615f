import { Readable } from 'node:stream';
import { expect } from 'chai';
import { compileWebtask } from '../../../runtime/compile/index.ts';
import { Caller, runWebtask, startRun } from '../../../runtime/invoke/index.ts';
import { refusalOf } from '../../support/refusal.ts';
import { NOTHING_GIVEN, readReply, SETTINGS } from '../../support/webtask.ts';

const compile = (code: string) => compileWebtask({ code, file: '/app/hello.js' }, NOTHING_GIVEN);
const REQUEST = { method: 'GET', url: '/', rawHeaders: [] };

describe('the answer of a webtask that calls back, for which no response is made', () => {
  const CALLS = {
    'a result': 'cb(null, { é: 1 })',
    'an error': 'cb({ statusCode: 503, headers: { "Retry-After": "1" } })',
    'an error that says 204': 'cb({ statusCode: 204 })',
    'an error that says 304': 'cb({ statusCode: 304 })',
    'an error with a status of nobody': 'cb({ statusCode: 299 })',
    'a result that is no JSON': 'cb(null, { get a() { throw "no"; } })',
    'what it throws': '(() => { throw "no"; })()',
  };
  for (const [what, call] of Object.entries(CALLS)) {
    for (const method of ['GET', 'HEAD', 'POST']) {
      it(`is what a response would say: ${what}, to ${method}`, async () => {
        const webtask = await compile(`return (ctx, cb) => { ${call}; };`);
        const [alone, byResponse] = await Promise.all(
          // A body that still comes needs a connection, and so request and response.
          [undefined, Readable.from([])].map((body) => runWebtask(webtask, { ...REQUEST, method, body }, SETTINGS)),
        );
        if (!alone || !byResponse) return expect.fail('there is no answer');
        expect(alone.rawHeaders).to.deep.equal(byResponse.rawHeaders);
        expect(await readReply(alone)).to.deep.equal(await readReply(byResponse));
        expect(alone.statusMessage).to.equal(byResponse.statusMessage);
      });
    }
  }

  it('is there at once where the webtask calls back at once, and is waited for where it does not', async () => {
    const atOnce = startRun(await compile('return cb => cb(null, 1);'), REQUEST, SETTINGS);
    expect(atOnce).to.include({ status: 200 });
    const later = startRun(await compile('return cb => setImmediate(cb, null, 2);'), REQUEST, SETTINGS);
    expect(later).to.be.a('promise');
    expect((await readReply(await later)).body).to.equal('2');
  });

  it('is none where the caller has left, or leaves', async () => {
    const left = new Caller();
    left.leave();
    const waits = await compile('return cb => {};');
    const refusal = { code: 'RUN_CONNECTION_CLOSED', message: 'hello closed the connection without an answer.' };
    expect(await refusalOf(runWebtask(waits, { ...REQUEST, signal: left }, SETTINGS))).to.include(refusal);
    const caller = new Caller();
    const running = runWebtask(waits, { ...REQUEST, signal: caller }, SETTINGS);
    caller.leave();
    expect(await refusalOf(running)).to.include(refusal);
  });

  it('aborts context.signal where it is a failure, as nobody wants what is still being done', async () => {
    const code = (call: string) => `return (ctx, cb) => {
      ctx.signal.addEventListener('abort', () => console.log('aborted'));
      ${call}; setImmediate(() => console.log('later'));
    };`;
    for (const [call, expected] of [
      ['cb(new Error("no"))', ['aborted', 'later']],
      ['cb(null, 1)', ['later']],
    ] as const) {
      const lines: string[] = [];
      await runWebtask(await compile(code(call)), REQUEST, { ...SETTINGS, onLine: (line) => void lines.push(line) });
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
      expect(lines).to.deep.equal(expected);
    }
  });
});

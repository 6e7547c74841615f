import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect } from 'chai';
import Runtime from '../../../../runtime/harness/webtask-runtime.ts';
import { described, jsonOf, silent, simulated, uncaughtOf } from './support.ts';

const silentOptions = { logger: silent };

function assertionFails(message: string): never {
  throw new Error(message);
}

describe('a simulated webtask that fails', () => {
  it('answers 400 with its error but its stack, whatever its statusCode, as the original did', async () => {
    const error = Object.assign(new TypeError('x'), { statusCode: 401 });
    const rest = { name: 'TypeError', message: 'x' };
    expect(await simulated((cb) => cb(error))).to.include({
      statusCode: 400,
      payload: described(400, 'Script returned an error.', 'TypeError: x', rest),
    });
    expect((await simulated((cb) => cb('text'))).payload).to.equal(described(400, 'Script returned an error.', 'text'));
  });

  it('answers 500 when it throws, and 400 when its result is no JSON', async () => {
    const thrown = await simulated(() => {
      throw new RangeError('far');
    });
    const words = 'Script generated an unhandled synchronous exception.';
    const rest = { name: 'RangeError', message: 'far' };
    expect(thrown).to.include({ statusCode: 500, payload: described(500, words, 'RangeError: far', rest) });
    expect(await jsonOf((cb) => cb(null, { n: 1n }))).to.include({
      code: 400,
      error: 'Error when JSON serializing the result of the JavaScript code.',
    });
  });

  it('has its error logged, with secrets masked', async () => {
    const lines: string[] = [];
    const logger = { ...silent, info: (line: string) => void lines.push(line) };
    await simulated((cb) => cb('key k-12345'), { logger, secrets: { K: 'k-12345', n: 1 } });
    expect(lines).to.deep.equal([described(400, 'Script returned an error.', 'key ***')]);
  });

  it('answers 400 when its code cannot be compiled', async () => {
    expect(await simulated('throw new TypeError("boom")')).to.include({
      statusCode: 400,
      payload: described(400, 'Unable to compile submitted JavaScript: TypeError: boom', 'TypeError: boom', {
        name: 'TypeError',
        message: 'boom',
      }),
    });
  });

  it('fails the running test when it throws later, calls back twice or throws after its answer', async () => {
    const late = () => void setTimeout(() => assertionFails('late'));
    expect(await uncaughtOf(() => Runtime.simulate(late, silentOptions, () => undefined))).to.include({
      message: 'late',
    });
    const twice = (cb: () => void) => [cb(), cb()];
    expect(await uncaughtOf(() => Runtime.simulate(twice, silentOptions, () => undefined))).to.include({
      code: 'HARNESS_PROBLEM',
      message: 'The webtask called back a second time.',
    });
    const after = (cb: () => void) => [cb(), assertionFails('after')];
    expect(await uncaughtOf(() => Runtime.simulate(after, silentOptions, () => undefined))).to.include({
      message: 'after',
    });
  });

  it('fails the running test when it closes the connection without an answer', async () => {
    const close = (_ctx: object, req: IncomingMessage, _res: object) => req.socket.destroy();
    expect(await uncaughtOf(() => Runtime.simulate(close, silentOptions, () => undefined))).to.include({
      code: 'RUN_CONNECTION_CLOSED',
      message: 'The webtask closed the connection without an answer.',
    });
  });

  it('fails the running test when it throws after the head of its answer', async () => {
    const half = (_ctx: object, _req: object, res: ServerResponse) => [res.writeHead(200), assertionFails('half')];
    expect(await uncaughtOf(() => Runtime.simulate(half, silentOptions, () => undefined))).to.include({
      message: 'half',
    });
  });

  it('fails the running test with what its callback throws', async () => {
    const run = () =>
      Runtime.simulate(
        (cb) => cb(),
        silentOptions,
        () => assertionFails('in the test'),
      );
    expect(await uncaughtOf(run)).to.include({ message: 'in the test' });
  });

  it('may pass a promise on and call back too, as clients with both do', async () => {
    const both = (_ctx: object, cb: (error: null, result: string) => void) => {
      setImmediate(() => cb(null, 'called'));
      return Promise.resolve('resolved');
    };
    expect((await simulated(both as never)).payload).to.equal('"resolved"');
    await new Promise((resolve) => setImmediate(resolve));
  });
});

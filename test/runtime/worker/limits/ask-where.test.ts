import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { expect } from 'chai';
import { openWatchdogPipe } from '../../../../runtime/worker/limits/ask-where.ts';
import { headOf, runnable, useWorker } from '../../../support/worker.ts';

/** The pipe of a watchdog that answers with that text. */
function watchdogThatSays(text: string): {
  pipe: Duplex;
  broken: string[];
  ask: ReturnType<typeof openWatchdogPipe>['ask'];
} {
  const broken: string[] = [];
  const pipe = new Duplex({
    read: () => undefined,
    write(_chunk, _encoding, done) {
      done();
      pipe.push(text);
    },
  });
  return {
    pipe,
    broken,
    ask: openWatchdogPipe(
      pipe,
      (reason) => broken.push(reason),
      () => broken.push('closed'),
    ).ask,
  };
}

const encoded = (value: unknown): string => `${Buffer.from(JSON.stringify(value)).toString('base64')}\n`;

describe('where a worker says that its code is', () => {
  it('is the lines of the author, without those of Node and the platform', async () => {
    const stack = `Error
    at globalThis.<computed> (/var/cache/webtask-kit/worker-0123abcd.cjs:10:1)
    at eval (eval at spin (/data/io/hello/webtask.js:1:1), <anonymous>:1:28)
    at RegExp.test (<anonymous>)
    at spin (/data/io/hello/webtask.js:2:3)
    at call (/worker.cjs:2577:26)
    at listOnTimeout (node:internal/timers:581:17)
    at node:internal/main/run_main_module:28:49`;
    const { ask, broken } = watchdogThatSays(encoded({ run: '1.1', stack }));
    expect(await ask()).to.deep.equal({ run: '1.1', stack: '    at spin (/data/io/hello/webtask.js:2:3)' });
    expect(broken).to.deep.equal([]);
  });

  it('is text of bounded length, whatever it says', async () => {
    const line = `    at ${'x'.repeat(2000)}\u001b[2J (/a.js:1:1)`;
    const place = await watchdogThatSays(encoded({ run: 7, stack: Array(100).fill(line).join('\n') })).ask();
    expect(place?.run).to.equal(undefined);
    expect(place?.stack.length).to.be.at.most(20 * 501);
    expect(place?.stack).not.to.include('\u001b');
  });

  it('is nothing where it cannot be read', async () => {
    for (const text of ['\n', 'no base64 of JSON\n', encoded(null), encoded({ stack: 5 }), 'x'.repeat(100_000)])
      expect(await watchdogThatSays(text).ask()).to.equal(undefined);
  });

  it('is said only when it was asked for: anything else is the end of the worker', async () => {
    const { pipe, broken } = watchdogThatSays('');
    pipe.push('x');
    await new Promise(setImmediate);
    expect(broken).to.deep.equal(['it sent to its server what nobody asked for']);
  });
});

describe('the watchdog of a worker', () => {
  const its = useWorker('process');
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'wt-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  it('is there before the first code of anybody, which may let nothing else run', async () => {
    const begun = join(folder, 'begun');
    const code = `module.exports = (cb) => { require('fs').writeFileSync(${JSON.stringify(begun)}, ''); for (;;); };`;
    const answer = headOf(its.worker, runnable(code)).catch((error) => error.code);
    while (!existsSync(begun)) await new Promise(setImmediate);
    const place = await its.worker.where();
    expect(place?.run).to.equal('1.1');
    expect(place?.stack).to.match(/^ {4}at module\.exports \(\/data\/io\/hello\/webtask\.js:1:\d+\)$/);
    its.worker.kill('the test is over');
    expect(await answer).to.equal('WORKER_ENDED');
  });
});

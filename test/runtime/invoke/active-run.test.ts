import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { compileWebtask } from '../../../runtime/compile/index.ts';
import { callInRun, leaveRun } from '../../../runtime/invoke/active-run.ts';
import type { RunProblem, RunReply } from '../../../runtime/invoke/index.ts';
import { runWebtask } from '../../../runtime/invoke/index.ts';
import { FROM_SOURCE } from '../../support/program.ts';
import { NOTHING_GIVEN, readReply, run, SETTINGS } from '../../support/webtask.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Calls a function as a run, and collects what is known of it a few turns later. */
async function watched(call: () => unknown): Promise<{ output: unknown[]; uncaught: unknown[] }> {
  const output: unknown[] = [];
  const uncaught: unknown[] = [];
  callInRun(
    {
      onUncaught: (error) => uncaught.push(error),
      onOutput: (text, stream) => output.push(`${stream}: ${text}`),
    },
    call,
  );
  for (let i = 0; i < 3; i++) await turn();
  return { output, uncaught };
}

describe('what a run prints', () => {
  it('is known to be of that run, now and later, by either stream', async () => {
    const { output } = await watched(() => {
      console.log('now');
      setImmediate(() => console.error('later'));
      Promise.resolve().then(() => process.stdout.write('in a promise'));
    });
    expect(output).to.deep.equal(['stdout: now\n', 'stdout: in a promise', 'stderr: later\n']);
  });

  it('may be bytes, and is called back for', async () => {
    const calledBack: unknown[] = [];
    const { output } = await watched(() => {
      calledBack.push(process.stdout.write(Buffer.from('é'), () => calledBack.push('bytes')));
      calledBack.push(process.stdout.write('text', 'utf8', () => calledBack.push('text')));
    });
    expect(output).to.deep.equal(['stdout: é', 'stdout: text']);
    expect(calledBack).to.deep.equal([true, true, 'bytes', 'text']);
  });

  it('is not what the platform prints in its course', async () => {
    const seen: unknown[] = [];
    const { output } = await watched(() =>
      callInRun({ onUncaught: () => undefined, onOutput: (text) => seen.push(text) }, () => {
        console.log('of the webtask');
        callInRun({ onUncaught: () => undefined, onOutput: (text) => seen.push(`inner ${text}`) }, () =>
          console.log('of another'),
        );
        leaveRun(() => seen.push('left'));
      }),
    );
    expect(seen).to.deep.equal(['of the webtask\n', 'inner of another\n', 'left']);
    expect(output).to.deep.equal([]);
  });
});

describe('what a run throws and nobody catches', () => {
  it('is known to be of that run', async () => {
    const { uncaught } = await watched(() => {
      setImmediate(() => {
        throw new Error('in a timer');
      });
      process.nextTick(() => {
        throw new Error('in a tick');
      });
      queueMicrotask(() => {
        throw new Error('in a microtask');
      });
      Promise.reject(new Error('rejected'));
    });
    expect(uncaught.map(String)).to.have.members([
      'Error: in a tick',
      'Error: in a microtask',
      'Error: rejected',
      'Error: in a timer',
    ]);
  });

  it('may be anything', async () => {
    const { uncaught } = await watched(() =>
      setImmediate(() => {
        throw null;
      }),
    );
    expect(uncaught).to.deep.equal([null]);
  });

  it('is known also where others took our listener away, as mocha does between the files of a worker', async () => {
    const others = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    const reply = await run('return cb => { Promise.reject(new Error("lost")) }');
    process.removeAllListeners('unhandledRejection');
    for (const listener of others) process.on('unhandledRejection', listener);
    expect(JSON.parse(reply.body)).to.include({ code: 500, details: 'Error: lost' });
  });

  it('is not confused with what another run throws at the same time', async () => {
    const throwing = (name: string) => () =>
      setImmediate(() => {
        throw name;
      });
    const [one, two] = await Promise.all([watched(throwing('one')), watched(throwing('two'))]);
    expect([one.uncaught, two.uncaught]).to.deep.equal([['one'], ['two']]);
  });
});

describe('a microtask', () => {
  it('is one as ever, in a run and outside of it', async () => {
    const order: string[] = [];
    await watched(() => {
      queueMicrotask(() => order.push('in a run'));
      order.push('now');
    });
    queueMicrotask(() => order.push('outside'));
    await Promise.resolve();
    expect(order).to.deep.equal(['now', 'in a run', 'outside']);
    for (const call of [
      () => queueMicrotask(1 as never),
      () => callInRun({ onUncaught: () => undefined }, () => queueMicrotask(1 as never)),
    ]) {
      expect(call).to.throw(TypeError).with.property('code', 'ERR_INVALID_ARG_TYPE');
    }
  });
});

describe('what is thrown outside of any run', () => {
  const watch = `
    import { callInRun } from ${JSON.stringify(new URL('../../../runtime/invoke/active-run.ts', import.meta.url).href)};
    callInRun({ onUncaught: () => console.log('of a run') }, () => undefined);
  `;
  /** Runs code in a process that has watched a run before. */
  const outcome = (code: string): Promise<{ status: unknown; stdout: string; stderr: string }> =>
    new Promise((resolve) => {
      const args = [...FROM_SOURCE, '--input-type=module', '--eval', watch + code];
      execFile(process.execPath, args, (error, stdout, stderr) =>
        resolve({ status: error?.code ?? 0, stdout, stderr }),
      );
    });

  it('ends the process, as it would have without us', async () => {
    const { status, stdout, stderr } = await outcome('setImmediate(() => { throw new TypeError("of nobody"); });');
    expect({ status, stdout }).to.deep.equal({ status: 1, stdout: '' });
    expect(stderr).to.include('TypeError: of nobody').and.to.include('Node.js v');
  });

  it('ends the process where it is a rejection', async () => {
    const { status, stdout, stderr } = await outcome('Promise.reject(new TypeError("of nobody"));');
    expect({ status, stdout }).to.deep.equal({ status: 1, stdout: '' });
    expect(stderr).to.include('TypeError: of nobody');
  });

  it('goes to who listens for it', async () => {
    const listening = `
      process.on('uncaughtException', (error) => console.log('heard', error.message));
      process.on('unhandledRejection', (error) => console.log('heard', error.message));
      setImmediate(() => { throw new Error('thrown'); });
      Promise.reject(new Error('rejected'));
    `;
    expect(await outcome(listening)).to.deep.equal({ status: 0, stdout: 'heard rejected\nheard thrown\n', stderr: '' });
  });
});

describe('the events of a request and its response', () => {
  const throwing = (event: string, object: string, more = '') =>
    `return (ctx, req, res) => { ${object}.on("${event}", () => { throw new Error("in ${event}") }); ${more} }`;

  it('are of the run: what a listener of the body throws is its answer', async () => {
    const body = new PassThrough();
    setImmediate(() => body.end('x'));
    const reply = await run(throwing('data', 'req'), { method: 'POST', rawHeaders: [], body });
    expect(reply).to.include({ status: 500, source: 'webtask' });
    expect(JSON.parse(reply.body)).to.include({ details: 'Error: in data' });
  });

  it('are of the run where the body comes from a real caller, whom it cannot bring the server down', async () => {
    const webtask = await compileWebtask({ code: throwing('data', 'req'), file: '/app/hello.js' }, NOTHING_GIVEN);
    const server = createServer(async (req, res) => {
      const { method = '', url = '', rawHeaders } = req;
      const reply = await runWebtask(webtask, { method, url, rawHeaders, body: req }, SETTINGS);
      res.writeHead(reply.status, [...reply.rawHeaders]);
      reply.body.pipe(res);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo; // it listens on a port, not on a pipe
    for (const sent of ['x', 'y'.repeat(1_000_000)]) {
      const call = request({ port, method: 'POST', headers: { 'content-length': sent.length } }).end(sent);
      const [answer] = await once(call, 'response');
      const body = JSON.parse(await text(answer));
      expect(body).to.include({ code: 500, details: 'Error: in data' });
    }
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });

  it('are of the run: what a listener throws when the caller leaves harms nobody', async () => {
    const left = new AbortController();
    const code = throwing('close', 'res', 'console.log("here")');
    const running = run(code, { signal: left.signal }, { onLine: () => left.abort() });
    expect(await running.catch((error: Error) => error)).to.include({ code: 'RUN_CONNECTION_CLOSED' });
    await turn(); // an uncaught error would have failed the test by now
  });

  it('are of the run: what a listener throws in the midst of an answer closes the connection, and is reported', async () => {
    const problems: RunProblem[] = [];
    const webtask = await compileWebtask(
      { code: throwing('drain', 'res', 'res.write(Buffer.alloc(1e6))'), file: '/app/hello.js' },
      NOTHING_GIVEN,
    );
    const settings = { ...SETTINGS, onProblem: (problem: RunProblem) => problems.push(problem) };
    const reply: RunReply = await runWebtask(webtask, { method: 'GET', url: '/', rawHeaders: [] }, settings);
    const error = await readReply(reply).catch((error: Error) => error);
    expect(error).to.be.instanceOf(Error).with.property('message', 'the webtask closed the connection');
    expect(problems.map((it) => it.kind)).to.deep.equal(['threw-after-answer']);
    expect(problems[0]?.message).to.match(/^\/app\/hello\.js had begun to answer when it threw Error: in drain\n/);
  });
});

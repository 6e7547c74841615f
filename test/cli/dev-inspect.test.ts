import { once } from 'node:events';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { SourceMap } from 'node:module';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { untilNoticed, useDev } from '../support/dev.ts';
import { connectInspector, type Inspector } from '../support/inspector.ts';

const ANY_PORT = { NODE_OPTIONS: '--inspect-port=0' };
const CODE = 'return (ctx, cb) => {\n  const sum = 1;\n  cb(null, sum);\n}';

describe('webtask dev --inspect', () => {
  const dev = useDev();
  const { start, get } = dev;
  const message = (body: string): string => JSON.parse(body).message;
  /** The address that the nth worker has a debugger at. */
  const inspectorOf = async (nth: number): Promise<string> => {
    await dev.program.until(new RegExp(`(?:Debugger listening on ws:[^]*){${nth}}`));
    return [...dev.program.stdout.matchAll(/Debugger listening on (ws:\S+)/g)][nth - 1]?.[1] ?? '';
  };
  const attach = async (nth = 1): Promise<Inspector> => {
    const inspector = await connectInspector(await inspectorOf(nth));
    await inspector.send('Debugger.enable');
    return inspector;
  };

  it('stops at a breakpoint that was set by file and line, also in the worker that a change brings', async () => {
    await start({ 'webtasks/a.js': CODE }, ['--inspect'], ANY_PORT);
    const file = pathToFileURL(join(dev.project.folder, 'webtasks/a.js')).href;
    for (const nth of [1, 2]) {
      const inspector = await attach(nth);
      const { breakpointId } = await inspector.send('Debugger.setBreakpointByUrl', { url: file, lineNumber: 2 });
      const answer = get('/a');
      expect((await inspector.event('Debugger.paused')).hitBreakpoints).to.deep.equal([breakpointId]);
      await inspector.send('Debugger.resume');
      expect((await answer).body).to.equal(String(nth));
      inspector.close();
      dev.project.write('webtasks/a.js', CODE.replace('= 1', `= ${nth + 1}`));
      await untilNoticed(dev.program, 'webtasks/a.js', nth);
    }
    const ports = await Promise.all([1, 2].map(async (nth) => new URL(await inspectorOf(nth)).port));
    expect(ports[1], 'so that an editor finds it again').to.equal(ports[0]);
  });

  it('stops in TypeScript at a line of its author, by its source map', async () => {
    const code =
      'interface Sum {\n  a: 1;\n}\n\nexport default (cb: (e: null, r: number) => void) => {\n  cb(null, 1);\n};';
    await start({ 'webtasks/a.ts': code }, ['--inspect'], ANY_PORT);
    const inspector = await attach();
    await get('/a');
    let script: Record<string, unknown> = {};
    while (!String(script.url).endsWith('webtasks/a.ts')) script = await inspector.event('Debugger.scriptParsed');
    expect(script.url).to.equal(pathToFileURL(join(dev.project.folder, 'webtasks/a.ts')).href);
    const payload = JSON.parse(Buffer.from(String(script.sourceMapURL).split(',')[1] ?? '', 'base64').toString());
    expect(payload.sources).to.deep.equal(['a.ts']); // beside the file that was compiled: the same
    const { scriptSource } = await inspector.send('Debugger.getScriptSource', { scriptId: script.scriptId });
    const lineNumber = String(scriptSource).split('\n').indexOf('  cb(null, 1);');
    expect(new SourceMap(payload).findEntry(lineNumber, 2)).to.include({ originalLine: 5 });
    const { breakpointId } = await inspector.send('Debugger.setBreakpointByUrl', { url: script.url, lineNumber });
    const answer = get('/a');
    expect((await inspector.event('Debugger.paused')).hitBreakpoints).to.deep.equal([breakpointId]);
    await inspector.send('Debugger.resume');
    expect((await answer).body).to.equal('1');
    inspector.close();
  });

  it('is of the worker alone: the server has no debugger', async () => {
    const code = 'return cb => cb(null, [process.pid, require("node:inspector").url()])';
    await start({ 'webtasks/a.js': code }, ['--inspect'], ANY_PORT);
    const [pid, inspector] = JSON.parse((await get('/a')).body);
    const said = await inspectorOf(1);
    expect([pid === dev.program.pid, new URL(inspector).pathname]).to.deep.equal([false, new URL(said).pathname]);
    expect([[...dev.program.stdout.matchAll(/Debugger listening/g)].length, dev.program.stderr]).to.deep.equal([1, '']);
  });

  it('ends what a debugger has stopped where files change', async () => {
    await start({ 'webtasks/a.js': 'return cb => { debugger; cb(null, 1) }' }, ['--inspect'], ANY_PORT);
    const inspector = await attach();
    const answer = get('/a');
    await inspector.event('Debugger.paused');
    dev.project.write('webtasks/a.js', 'return cb => cb(null, 2)');
    const { status, body } = await answer;
    expect([status, message(body)]).to.deep.equal([502, 'worker recycled: its code has changed']);
    expect((await get('/a')).body).to.equal('2');
    inspector.close();
  });

  describe('as for its limits', () => {
    const ENV = { ...ANY_PORT, WEBTASK_LIMIT_BLOCKED_MS: '300', WEBTASK_LIMIT_CPU_MS: '1000' };
    const FILES = {
      // With a debugger, it uses more of the processor than it may without, too.
      'webtasks/busy.js':
        'return cb => { const until = Date.now() + 1500; while (Date.now() < until); cb(null, "done") }',
      'webtasks/late.js': 'return cb => setTimeout(cb, 1700, null, "done")',
      'webtasks/never.js': 'return cb => console.log("begun")',
      'webtasks/stop.js': 'return cb => { debugger; setImmediate(cb, null, "done") }',
    };
    const LIMITED = [
      ['busy', 500, 'Blocked event loop.'],
      ['late', 504, 'late did not answer within 1500 ms.'],
    ] as const;
    const answers = async () => {
      const all: unknown[] = [];
      for (const [name] of LIMITED) {
        const { status, body } = await get(`/${name}`);
        all.push([name, status, status === 200 ? JSON.parse(body) : message(body)]);
      }
      return all;
    };
    const begin = () => start(FILES, ['--inspect', '--limit', '1500'], ENV);

    it('has those of a server, until a debugger is attached and as soon as that has gone', async function () {
      this.timeout(30_000);
      await begin();
      expect(await answers()).to.deep.equal(LIMITED);
      const nth = [...dev.program.stdout.matchAll(/Debugger listening/g)].length;
      const inspector = await attach(nth);
      expect(await answers()).to.deep.equal(LIMITED.map(([name]) => [name, 200, 'done']));
      inspector.close();
      expect(await answers()).to.deep.equal(LIMITED);
    });

    it('does not count how long a debugger was attached, and counts on when it has gone', async () => {
      await begin();
      const inspector = await attach();
      const never = get('/never');
      await dev.program.until(/begun/);
      const stopped = get('/stop');
      await inspector.event('Debugger.paused');
      await new Promise((resolve) => setTimeout(resolve, 1_600)); // longer than the limit: what is waited for is time
      inspector.close();
      const { status, body } = await stopped;
      expect([status, body]).to.deep.equal([200, '"done"']);
      const late = await never;
      expect([late.status, message(late.body)]).to.deep.equal([504, 'never did not answer within 1500 ms.']);
    });

    it('takes nobody for a debugger who only asks what there is to debug', async () => {
      await begin();
      const there = await inspectorOf(1);
      const { host, port } = new URL(there);
      const browser = connect(Number(port), '127.0.0.1');
      browser.write(`GET /json/list HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      let answer = '';
      while (!/\]\s*$/.test(answer)) answer += String((await once(browser, 'data'))[0]);
      expect(answer).to.contain(`"webSocketDebuggerUrl": "${there}"`);
      expect((await get('/busy')).status, 'while its connection is open').to.equal(500);
      browser.destroy();
    });

    it('takes nobody who comes by a name that a page elsewhere points to this machine', async () => {
      await begin();
      const there = (await inspectorOf(1)).replace('ws:', 'http:');
      const upgrade = {
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': Buffer.alloc(16).toString('base64'),
      };
      for (const [asked, headers] of [
        [new URL('/json/list', there), {}],
        [new URL(there), upgrade],
      ] as const) {
        const request = httpGet(asked, { headers: { ...headers, Host: 'evil.example' } });
        const [response] = (await once(request, 'response')) as [IncomingMessage];
        expect([response.statusCode, await text(response)]).to.deep.equal([400, 'WebSockets request was expected\r\n']);
      }
      expect((await get('/busy')).status).to.equal(500);
    });
  });

  it('says that another debugger has the port', async () => {
    const other = createServer();
    await once(other.listen(0, '127.0.0.1'), 'listening');
    const { port } = other.address() as AddressInfo; // it listens on TCP
    const env = { NODE_OPTIONS: `--inspect-port=${port}` };
    dev.begin({ 'webtasks/a.js': CODE }, ['--port', '0', '--inspect'], env);
    expect([await dev.program.ended, dev.program.stdout, dev.program.stderr]).to.deep.equal([
      2,
      '',
      `webtask dev: A debugger cannot be waited for: port ${port} is taken. End the other debugging session, or choose a port: NODE_OPTIONS=--inspect-port=0 [INSPECTOR_PORT_TAKEN]\n`,
    ]);
    other.close();
  });

  for (const isolation of ['sandbox', 'inline']) {
    it(`is refused with --isolation ${isolation}, which it would not reach`, async () => {
      dev.begin({ 'webtasks/a.js': CODE }, ['--port', '0', '--inspect', '--isolation', isolation]);
      expect([await dev.program.ended, dev.program.stdout, dev.program.stderr]).to.deep.equal([
        2,
        '',
        `webtask dev: --inspect does not go with --isolation ${isolation}. Leave one of them out. [INSPECT_ISOLATION]\n`,
      ]);
    });
  }
});

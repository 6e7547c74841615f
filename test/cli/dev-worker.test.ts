import { SourceMap } from 'node:module';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { startDev, untilNoticed } from '../support/dev.ts';
import { connectInspector } from '../support/inspector.ts';
import { skipUnlessShutIn } from '../support/isolation.ts';
import { descendantsOf, untilGone } from '../support/processes.ts';
import { createProject, type TestProject } from '../support/project.ts';
import { type RunningProgram, startRunning } from '../support/running.ts';
import { ask } from '../support/server.ts';

const FEW = { WEBTASK_LIMIT_BLOCKED_MS: '1000', WEBTASK_LIMIT_MEMORY_BYTES: String(64 << 20) };
const PID = 'return cb => cb(null, process.pid)';

describe('webtask dev, whose webtasks run in a worker process', () => {
  let project: TestProject;
  let program: RunningProgram;
  let url: string;
  afterEach(async () => {
    await program.kill();
    project.remove();
  });

  const start = async (...given: Parameters<typeof startDev>): Promise<void> => {
    ({ project, program, url } = await startDev(...given));
  };
  const get = (path: string) => ask(url + path);
  const message = (body: string): string => JSON.parse(body).message;
  const count = (pattern: RegExp) => [...program.stdout.matchAll(pattern)].length;
  const noticed = (file: string, times?: number) => untilNoticed(program, file, times);

  it('is another process than the server, with nothing of its environment', async () => {
    const code = 'return cb => cb(null, [process.pid, process.env.MINE || "none", process.env.PATH || "none"])';
    await start({ 'webtasks/a.js': code }, [], { MINE: '1' });
    const [pid, ...variables] = JSON.parse((await get('/a')).body);
    expect(pid).not.to.equal(program.pid);
    expect(variables).to.deep.equal(['none', 'none']);
  });

  for (const [what, code, status, says] of [
    ['loops', 'return cb => { for (;;); }', 500, 'Blocked event loop.'],
    [
      'leaks',
      'return cb => { const all = []; setInterval(() => { for (let i = 0; i < 1e5; i++) all.push({ i }) }) }',
      500,
      'The webtasks of webtask-local used more than 67108864 bytes of memory.',
    ],
    ['exits', 'return cb => process.exit(3)', 502, 'worker recycled: its process ended with exit code 3'],
    [
      'is killed',
      'return cb => process.kill(process.pid, "SIGKILL")',
      502,
      'worker recycled: its process ended with SIGKILL',
    ],
  ] as const) {
    it(`costs its own process where it ${what}; the next request has another one`, async () => {
      await start({ 'webtasks/bad.js': code, 'webtasks/pid.js': PID }, [], FEW);
      const before = (await get('/pid')).body;
      const answer = await get('/bad');
      expect([answer.status, message(answer.body)]).to.deep.equal([status, says]);
      const after = await get('/pid');
      expect([after.status, after.body === before]).to.deep.equal([200, false]);
    });
  }

  it('prints where a webtask stood that let nothing else run', async () => {
    const code = '\nreturn cb => {\n  for (;;);\n}';
    await start({ 'webtasks/bad.js': code }, [], { WEBTASK_LIMIT_BLOCKED_MS: '300' });
    await get('/bad');
    await program.until(/\[RUN_BLOCKED\]\nError: Blocked event loop\.\n +at .*webtasks\/bad\.js:3:/);
  });

  it('has the limits that a server has, from the same settings', async () => {
    await start({
      'webtasks/a.js': 'return cb => cb(null, "a".repeat(100))',
      '.env': 'WEBTASK_LIMIT_REPLY_BYTES=50\n',
    });
    const { status, body } = await get('/a');
    expect([status, message(body)]).to.deep.equal([500, 'The answer of a has more than 50 bytes.']);
  });

  it('is replaced once for a change, however many files were saved, and compiles each webtask once', async () => {
    const code = (version: number) =>
      `console.log('compiled ${version}'); return cb => cb(null, [${version}, process.pid])`;
    await start({ 'webtasks/a.js': code(0) });
    const [, before] = JSON.parse((await get('/a')).body);
    for (let version = 1; version <= 10; version++) {
      project.write('webtasks/a.js', code(version));
      project.write('lib.js', String(version));
    }
    await program.until(/^reloaded after/m);
    const answers = await Promise.all([get('/a'), get('/a'), get('/a')]);
    const [[version, pid]] = answers.map(({ body }) => JSON.parse(body));
    expect(answers.map(({ body }) => body)).to.deep.equal(answers.map(() => JSON.stringify([10, pid])));
    expect([version, pid === before, count(/^reloaded/gm), count(/compiled/g)]).to.deep.equal([10, false, 1, 2]);
  });

  it('answers the requests that it has before another one takes its place', async () => {
    const slow = 'return cb => { console.log("begun"); require("fs").watch("go", () => cb(null, process.pid)) }';
    await start({ 'webtasks/slow.js': slow, 'webtasks/pid.js': PID, 'go/README.md': '' });
    const before = (await get('/pid')).body;
    const answer = get('/slow');
    await program.until(/begun/);
    project.write('webtasks/pid.js', `${PID} `);
    await noticed('webtasks/pid.js');
    expect((await get('/pid')).body).not.to.equal(before);
    project.write('go/now.md', '');
    expect((await answer).body).to.equal(before);
  });

  it('translates TypeScript in the server, and names the lines of its author', async () => {
    await start({
      'webtasks/a.ts': 'import { fail } from "../lib/fail.ts";\nexport default (cb: () => void) => fail(1);',
      'lib/fail.ts':
        'interface Nothing {\n  a: 1;\n}\n\nexport const fail = (n: number): never => {\n  throw new Error(String(n));\n};',
    });
    const { stack } = JSON.parse((await get('/a')).body);
    expect(stack).to.contain('lib/fail.ts:6:').and.contain('webtasks/a.ts:2:');
  });

  it('ends with the server, also where that is killed', async () => {
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      await start({ 'webtasks/pid.js': PID });
      await get('/pid');
      const processes = descendantsOf(program.pid);
      expect(processes).not.to.deep.equal([]);
      program.signal(signal);
      await program.ended;
      await untilGone(processes);
      if (signal === 'SIGTERM') project.remove();
    }
  });

  it('is shut in with the folder of the project where that is asked for', async function () {
    skipUnlessShutIn(this);
    const code = `const { readFileSync, existsSync } = require('node:fs');
      return cb => cb(null, [require('../lib/two.ts').two, require('pack'), existsSync(${JSON.stringify(join(process.cwd(), 'package.json'))}), process.cwd()])`;
    await start(
      {
        'webtasks/a.js': code,
        'lib/two.ts': 'export const two: number = 2;',
      },
      ['--isolation', 'sandbox'],
    );
    project.write('node_modules/pack/index.js', 'module.exports = "packed"');
    expect(JSON.parse((await get('/a')).body)).to.deep.equal([2, 'packed', false, project.folder]);
  });

  it('sees no secret that is not its own, where it is shut in', async function () {
    skipUnlessShutIn(this);
    const code = `const { readFileSync, readdirSync, writeFileSync } = require('node:fs');
      const attempt = (look) => { try { return look() } catch (error) { return error.code } };
      return cb => cb(null, [
        attempt(() => readFileSync('.env', 'utf8')), attempt(() => readdirSync('.webtask')),
        attempt(() => writeFileSync('.webtask/a', '')), attempt(() => readFileSync('package.json', 'utf8')),
      ])`;
    const files = {
      'package.json': '{ "webtasks": { "a": { "secrets": ["ONE"] } } }',
      '.env': 'ONE=1\nTWO=2\n',
      '.webtask/keys.json': '{}',
    };
    await start({ ...files, 'webtasks/a.js': code }, ['--isolation', 'sandbox']);
    expect(JSON.parse((await get('/a')).body)).to.deep.equal(['EACCES', [], 'EROFS', files['package.json']]);
  });

  describe('--inspect', () => {
    const ANY_PORT = { NODE_OPTIONS: '--inspect-port=0' };
    const CODE = 'return (ctx, cb) => {\n  const sum = 1;\n  cb(null, sum);\n}';
    /** The address that the nth worker has a debugger at. */
    const inspectorOf = async (nth: number): Promise<string> => {
      await program.until(new RegExp(`(?:Debugger listening on ws:[^]*){${nth}}`));
      return [...program.stdout.matchAll(/Debugger listening on (ws:\S+)/g)][nth - 1]?.[1] ?? '';
    };

    it('stops at a breakpoint that was set by file and line, also in the worker that a change brings', async () => {
      await start({ 'webtasks/a.js': CODE }, ['--inspect'], ANY_PORT);
      const file = pathToFileURL(join(project.folder, 'webtasks/a.js')).href;
      for (const nth of [1, 2]) {
        const inspector = await connectInspector(await inspectorOf(nth));
        await inspector.send('Debugger.enable');
        const { breakpointId } = await inspector.send('Debugger.setBreakpointByUrl', { url: file, lineNumber: 2 });
        const answer = get('/a');
        expect((await inspector.event('Debugger.paused')).hitBreakpoints).to.deep.equal([breakpointId]);
        await inspector.send('Debugger.resume');
        expect((await answer).body).to.equal(String(nth));
        inspector.close();
        project.write('webtasks/a.js', CODE.replace('= 1', `= ${nth + 1}`));
        await noticed('webtasks/a.js', nth);
      }
    });

    it('stops in TypeScript at a line of its author, by its source map', async () => {
      const code =
        'interface Sum {\n  a: 1;\n}\n\nexport default (cb: (e: null, r: number) => void) => {\n  cb(null, 1);\n};';
      await start({ 'webtasks/a.ts': code }, ['--inspect'], ANY_PORT);
      const inspector = await connectInspector(await inspectorOf(1));
      await inspector.send('Debugger.enable');
      await get('/a');
      let script: Record<string, unknown> = {};
      while (!String(script.url).endsWith('webtasks/a.ts')) script = await inspector.event('Debugger.scriptParsed');
      expect(script.url).to.equal(pathToFileURL(join(project.folder, 'webtasks/a.ts')).href);
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

    it('is of the worker alone, and limits nothing in time', async () => {
      const code = `return cb => {
        const until = Date.now() + 500;
        while (Date.now() < until);
        setTimeout(() => cb(null, [process.pid, require('node:inspector').url()]), 100);
      }`;
      const env = { ...ANY_PORT, WEBTASK_LIMIT_BLOCKED_MS: '100', WEBTASK_LIMIT_CPU_MS: '100' };
      await start({ 'webtasks/a.js': code }, ['--inspect', '--limit', '50'], env);
      const { status, body } = await get('/a');
      expect(status).to.equal(200);
      const [pid, inspector] = JSON.parse(body);
      expect([pid === program.pid, inspector]).to.deep.equal([false, await inspectorOf(1)]);
      expect([count(/Debugger listening/g), program.stderr]).to.deep.equal([1, '']);
    });

    it('ends what a debugger has stopped where files change', async () => {
      await start({ 'webtasks/a.js': 'return cb => { debugger; cb(null, 1) }' }, ['--inspect'], ANY_PORT);
      const inspector = await connectInspector(await inspectorOf(1));
      await inspector.send('Debugger.enable');
      const answer = get('/a');
      await inspector.event('Debugger.paused');
      project.write('webtasks/a.js', 'return cb => cb(null, 2)');
      const { status, body } = await answer;
      expect([status, message(body)]).to.deep.equal([502, 'worker recycled: its code has changed']);
      expect((await get('/a')).body).to.equal('2');
      inspector.close();
    });

    it('says that another debugger has the port', async () => {
      const other = createServer();
      const port = await new Promise<number>((resolve) => {
        other.listen(0, '127.0.0.1', () => resolve((other.address() as { port: number }).port)); // it listens on TCP
      });
      project = createProject({ 'webtasks/a.js': PID });
      const env = { NODE_OPTIONS: `--inspect-port=${port}` };
      program = startRunning('webtask', ['dev', '--port', '0', '--inspect'], { cwd: project.folder, env });
      expect([await program.ended, program.stdout, program.stderr]).to.deep.equal([
        2,
        '',
        `webtask dev: A debugger cannot be waited for: port ${port} is taken. End the other debugging session, or choose a port: NODE_OPTIONS=--inspect-port=0 [INSPECTOR_PORT_TAKEN]\n`,
      ]);
      other.close();
    });

    for (const isolation of ['sandbox', 'inline']) {
      it(`is refused with --isolation ${isolation}, which it would not reach`, async () => {
        project = createProject({ 'webtasks/a.js': PID });
        const args = ['dev', '--port', '0', '--inspect', '--isolation', isolation];
        program = startRunning('webtask', args, { cwd: project.folder });
        expect([await program.ended, program.stdout, program.stderr]).to.deep.equal([
          2,
          '',
          `webtask dev: --inspect does not go with --isolation ${isolation}. Leave one of them out. [INSPECT_ISOLATION]\n`,
        ]);
      });
    }
  });
});

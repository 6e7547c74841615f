import { chmodSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { connectInspector } from '../support/inspector.ts';
import { skipUnlessShutIn } from '../support/isolation.ts';
import { type ProgramResult, runProgram } from '../support/program.ts';
import { createProject, type TestProject } from '../support/project.ts';
import { startRunning } from '../support/running.ts';

/** What the debugger says of a pause; the part that is looked at. */
interface Paused {
  readonly hitBreakpoints: readonly string[];
  readonly callFrames: readonly { readonly callFrameId: string; readonly location: { readonly lineNumber: number } }[];
}

describe('webtask run', () => {
  let project: TestProject;
  before(() => {
    project = createProject({ '.env': 'API_KEY=sk_live_12345\nWEBTASK_PORT=1\n' });
  });
  after(() => project.remove());

  /** Runs code with some arguments. */
  const run = (code: string, ...args: string[]): Promise<ProgramResult> => {
    project.write('task.js', code);
    return runProgram('webtask', ['run', 'task.js', ...args], { cwd: project.folder });
  };
  const json = (body: string, status = '200 OK') =>
    `HTTP/1.1 ${status}\nContent-Type: application/json\nContent-Length: ${Buffer.byteLength(body)}\n\n${body}`;

  it('prints the answer as curl -i does, and on stderr what the webtask printed, secrets masked', async () => {
    const code = `console.log('loads', module.webtask.secrets.API_KEY);
      return (ctx, cb) => { console.log('runs'); console.error(ctx.secrets.API_KEY); cb(null, ctx.secrets) }`;
    expect(await run(code)).to.deep.equal({
      status: 0,
      stdout: json('{"API_KEY":"sk_live_12345"}'),
      stderr: 'loads ***\nruns\n***\n',
    });
  });

  it('prints nothing of what the AWS SDK has to say of the age of this Node', async () => {
    const sdk = createRequire(import.meta.url).resolve('@aws-sdk/client-dynamodb');
    const code = `new (require(${JSON.stringify(sdk)}).DynamoDBClient)({ region: 'local' }); return cb => cb(null, 1)`;
    expect(await run(code)).to.deep.equal({ status: 0, stdout: json('1'), stderr: '' });
  });

  it('prints head and body as the webtask wrote them', async () => {
    const code = `return (ctx, req, res) => {
      res.writeHead(299, 'Quite fine', { 'Set-Cookie': ['a=1', 'b=2'], 'X-One': '1' });
      res.write('one ');
      res.end('two\\n');
    }`;
    expect(await run(code)).to.deep.equal({
      status: 0,
      stdout: 'HTTP/1.1 299 Quite fine\nSet-Cookie: a=1\nSet-Cookie: b=2\nX-One: 1\n\none two\n',
      stderr: '',
    });
  });

  it('sends what it is told to: query, headers, method and body, and other secrets', async () => {
    const code = `return (ctx, cb) => cb(null, [ctx.query, ctx.headers, ctx.body, ctx.body_raw, ctx.secrets])`;
    const args = [
      '-q',
      'a=1',
      '-q',
      'a=2',
      '--query',
      'b=x=y',
      '-s',
      'ONE=1',
      '--secret',
      'TWO=a=b',
      '-H',
      'X-One: a: b',
    ];
    const { stdout } = await run(code, ...args, '-H', 'Cookie: a=1', '-H', 'Cookie: b=2', '-d', '{"c":3}');
    expect(JSON.parse(stdout.split('\n\n')[1] ?? '')).to.deep.equal([
      { a: ['1', '2'], b: 'x=y' },
      {
        host: 'localhost',
        'content-type': 'application/json',
        'content-length': '7',
        'x-one': 'a: b',
        cookie: 'a=1; b=2',
      },
      { c: 3 },
      '{"c":3}',
      { ONE: '1', TWO: 'a=b' },
    ]);
  });

  it('posts a body as a form, unless a type or a method is said', async () => {
    const code = `return (ctx, req, res) => {
      res.write(req.method + ' ' + req.headers['content-type'] + ' ' + req.url + ' ');
      req.pipe(res);
    }`;
    expect((await run(code, '-d', 'a=1')).stdout).to.match(/\n\nPOST application\/x-www-form-urlencoded \/task a=1$/);
    expect((await run(code, '-d', 'a=1', '-X', 'put', '-H', 'content-type: text/plain')).stdout).to.match(
      /\n\nPUT text\/plain \/task a=1$/,
    );
  });

  for (const [status, code] of [
    [302, 0],
    [404, 4],
    [502, 5],
  ] as const) {
    it(`ends with ${code} for ${status}`, async () => {
      const result = await run(`return (ctx, req, res) => { res.writeHead(${status}); res.end() }`);
      expect([result.status, result.stderr]).to.deep.equal([code, '']);
    });
  }

  it('prints an error as it is answered, without its secrets', async () => {
    const { status, stdout, stderr } = await run(
      'return (ctx, cb) => { throw new Error("bad " + ctx.secrets.API_KEY) }',
    );
    expect([status, stderr, stdout.split('\n')[0]]).to.deep.equal([5, '', 'HTTP/1.1 500 Internal Server Error']);
    expect(stdout)
      .to.contain('"message": "bad ***"')
      .and.contain(`${join(project.folder, 'task.js')}:1:`);
  });

  it('ends with 3 where the webtask does not compile, and says where', async () => {
    expect(await run('\nreturn cb => cb(')).to.deep.equal({
      status: 3,
      stdout: '',
      stderr: `webtask run: Compilation failed: Unexpected end of file (${join(project.folder, 'task.js')}:2). Correct the code there, or install the package that it misses. [COMPILE_FAILED]\n`,
    });
    for (const [code, reason, line] of [
      ['\nthrow new Error("no " + module.webtask.secrets.API_KEY)', 'no ***', 2],
      ['\n\nrequire("./none"); return cb => cb()', "Cannot find module './none'", 3],
    ] as const) {
      const { status, stderr } = await run(code);
      expect([status, stderr]).to.deep.equal([
        3,
        `webtask run: Compilation failed: ${reason} (${join(project.folder, 'task.js')}:${line}). Correct the code there, or install the package that it misses. [COMPILE_FAILED]\n`,
      ]);
    }
  });

  it('ends with 3 where the answer was cut off in the middle', async () => {
    const code = 'return (ctx, req, res) => { res.write("half"); setImmediate(() => req.socket.destroy()) }';
    expect(await run(code)).to.deep.equal({
      status: 3,
      stdout: 'HTTP/1.1 200 OK\n\nhalf',
      stderr:
        'webtask run: task closed the connection before its answer was whole. Have it end its response; what it printed may say why it did not. [RUN_CUT_OFF]\n',
    });
  });

  it('lets a webtask go on for a second after its answer, and no longer', async () => {
    const late = 'return cb => { cb(null, 1); setImmediate(() => console.log("late")) }';
    expect(await run(late)).to.deep.equal({ status: 0, stdout: json('1'), stderr: 'late\n' });
    expect(await run(`setInterval(() => undefined, 1000); ${late}`)).to.deep.equal({
      status: 0,
      stdout: json('1'),
      stderr: 'late\ntask went on for a second after its answer, and was ended.\n',
    });
  });

  it('names a secret that is missing, and the line to add', async () => {
    const other = createProject({
      'package.json': '{ "webtasks": { "pay": { "secrets": ["STRIPE_KEY"] } } }',
      'pay.js': 'return cb => cb()',
    });
    expect(await runProgram('webtask', ['run', 'pay.js'], { cwd: other.folder })).to.deep.equal({
      status: 2,
      stdout: '',
      stderr:
        'webtask run: The secret STRIPE_KEY is neither in the environment nor in .env. Add this line to .env: STRIPE_KEY=… [SECRET_MISSING]\n',
    });
    other.remove();
  });

  it('says what is probably a mistake', async () => {
    const { stderr } = await run('return (ctx, cb) => { ctx.secrets.APIKEY; cb() }');
    expect(stderr).to.equal(
      'task: context.secrets.APIKEY was read, but no secret of that name was given. Did you mean API_KEY?\n',
    );
  });

  describe('--isolation', () => {
    for (const isolation of ['process', 'sandbox']) {
      it(`${isolation}: runs it in a process of its own, with the folder of its project`, async function () {
        if (isolation === 'sandbox') skipUnlessShutIn(this);
        chmodSync(project.folder, 0o755); // who is shut in is another user
        project.write('lib.ts', 'export const two: number = 2;');
        const code = `console.log('loads', module.webtask.secrets.API_KEY);
          const { two } = require('./lib.ts');
          return (ctx, cb) => { ctx.secrets.APIKEY; console.log('runs'); cb(null, [two, process.env.PATH || 'none', ctx.query]) }`;
        const { status, stdout, stderr } = await run(code, '--isolation', isolation, '-q', 'a=1');
        expect({ status, stdout }).to.deep.equal({ status: 0, stdout: json('[2,"none",{"a":"1"}]') });
        expect(stderr).to.equal(
          'loads ***\ntask: context.secrets.APIKEY was read, but no secret of that name was given. Did you mean API_KEY?\nruns\n',
        );
      });
    }

    it('says in the same words what does not compile', async () => {
      const [inline, other] = [
        await run('\nreturn cb => cb('),
        await run('\nreturn cb => cb(', '--isolation', 'process'),
      ];
      expect(other).to.deep.equal(inline);
    });

    it('names what ended its process', async () => {
      expect(await run('return cb => process.exit(1)', '--isolation', 'process')).to.deep.equal({
        status: 3,
        stdout: '',
        stderr: `webtask run: worker recycled: its process ended with exit code 1. Send the request again where that does no harm. [WORKER_ENDED]\n`,
      });
    });

    it('does not go with --inspect, which waits in this process', async () => {
      expect(await run('return cb => cb()', '--isolation', 'process', '--inspect')).to.deep.equal({
        status: 2,
        stdout: '',
        stderr:
          'webtask run: --inspect does not go with --isolation process. Leave one of them out. [INSPECT_ISOLATION]\n',
      });
    });
  });

  describe('--inspect', () => {
    const inspectAnyPort = { NODE_OPTIONS: '--inspect-port=0' };
    const CODE = `module.exports = (ctx, cb) => {
  const sum = Number(ctx.query.a) + 1;
  cb(null, sum);
};
`;

    it('waits for a debugger, whose breakpoint in the author’s file and line is hit', async () => {
      project.write('webtasks/sum.js', CODE);
      const args = ['run', 'webtasks/sum.js', '-q', 'a=1', '--inspect'];
      const program = startRunning('webtask', args, { cwd: project.folder, env: inspectAnyPort });
      const [, url = ''] = await program.until(/listening on (ws:\S+)/);
      const inspector = await connectInspector(url);
      await inspector.send('Runtime.enable');
      await inspector.send('Debugger.enable');
      const file = pathToFileURL(join(project.folder, 'webtasks/sum.js')).href;
      const { breakpointId } = await inspector.send('Debugger.setBreakpointByUrl', { url: file, lineNumber: 2 });
      await inspector.send('Runtime.runIfWaitingForDebugger');

      const paused = (await inspector.event('Debugger.paused')) as unknown as Paused; // by the protocol
      const [frame] = paused.callFrames;
      expect([paused.hitBreakpoints, frame?.location.lineNumber]).to.deep.equal([[breakpointId], 2]);
      const evaluate = async (expression: string) => {
        const params = { callFrameId: frame?.callFrameId, expression };
        return ((await inspector.send('Debugger.evaluateOnCallFrame', params)).result as { value?: unknown }).value;
      };
      expect(await evaluate('sum')).to.equal(2);
      // Whoever looks around must not be cut off: no timer waits.
      expect(await evaluate('process.getActiveResourcesInfo().includes("Timeout")')).to.equal(false);
      await inspector.send('Debugger.resume');
      await program.until(/^2$/m);
      inspector.close();
      expect([await program.ended, program.stdout]).to.deep.equal([0, json('2')]);
    });

    it('says that another debugger has the port', async () => {
      const other = createServer();
      const port = await new Promise<number>((resolve) => {
        other.listen(0, '127.0.0.1', () => resolve((other.address() as { port: number }).port)); // it listens on TCP
      });
      project.write('task.js', CODE);
      const env = { NODE_OPTIONS: `--inspect-port=${port}` };
      const { status, stderr } = await runProgram('webtask', ['run', 'task.js', '--inspect'], {
        cwd: project.folder,
        env,
      });
      expect([status, stderr.split('\n').at(-2)]).to.deep.equal([
        2,
        `webtask run: A debugger cannot be waited for: port ${port} is taken. End the other debugging session, or choose a port: NODE_OPTIONS=--inspect-port=0 [INSPECTOR_PORT_TAKEN]`,
      ]);
      other.close();
    });
  });
});

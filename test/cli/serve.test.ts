import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { skipUnlessShutIn } from '../support/isolation.ts';
import { startOrigin } from '../support/origin.ts';
import { runProgram } from '../support/program.ts';
import { createProject, type TestProject } from '../support/project.ts';
import { type RunningProgram, startRunning } from '../support/running.ts';
import { ask } from '../support/server.ts';

const LISTENING = /^listening on (http:\/\/\S+) (\(.*\))$/m;

describe('webtask serve', () => {
  let project: TestProject;
  let server: RunningProgram;
  let url: string;
  let token: string;
  before(async () => {
    project = createProject({});
    const minted = await runProgram('webtask', ['token', 'mint', '--container', 'shop'], { cwd: project.folder });
    token = minted.stdout.trimEnd();
  });
  after(() => project.remove());

  const serve = async (args: readonly string[], env: Record<string, string> = {}): Promise<void> => {
    server = startRunning('webtask', ['serve', '--port', '0', ...args], { cwd: project.folder, env });
    [, url = ''] = await server.until(LISTENING);
  };
  const start = (args: readonly string[] = []): Promise<void> => serve(['--isolation', 'inline', ...args]);
  const run = (code: string) =>
    ask(`${url}/api/run/shop`, { method: 'POST', headers: { Authorization: `Bearer ${token}` }, body: code });
  afterEach(() => server.kill());

  it('says where it listens, in which mode, and what to do next; then a minted token runs code, with nothing configured', async function () {
    skipUnlessShutIn(this);
    await serve([]);
    const answer = await run('return cb => { console.log("hi"); cb(null, { hello: "shop" }) }');
    expect([answer.status, answer.headers['x-wt-response-source'], answer.body]).to.deep.equal([
      200,
      'webtask',
      '{"hello":"shop"}',
    ]);
    await server.until(/hi$/m);
    expect(server.stdout.replace(url, 'URL')).to.equal(
      `listening on URL (sandbox: each container's webtasks are shut in a process of their own)
next: webtask token mint --container default --delegation-depth 1 --data .webtask
shop | hi
`,
    );
    expect(url).to.match(/^http:\/\/127\.0\.0\.1:\d+$/);
    server.signal('SIGTERM');
    expect([await server.ended, server.stderr]).to.deep.equal([0, '']);
  });

  it('runs the webtasks of each container in a process of their own where it is told to, and leaves none behind', async () => {
    await serve(['--isolation', 'process']);
    await server.until(/^next/m);
    expect(
      server.stdout,
    ).to.include(`(process: each container's webtasks run in a process of their own, which holds mistakes but no attacks)
not limited: files of this machine, network
`);
    const pid = Number((await run('return cb => cb(null, process.pid)')).body);
    expect(process.kill(pid, 0)).to.equal(true);
    server.signal('SIGTERM');
    expect([await server.ended, server.stderr]).to.deep.equal([0, '']);
    expect(() => process.kill(pid, 0)).to.throw('ESRCH');
  });

  it('says why webtasks are not shut in where they cannot be, and what to do about it', async () => {
    await serve([], { PATH: '' });
    await server.until(/^next/m);
    expect(
      server.stdout.replace(url, 'URL'),
    ).to.include(`listening on URL (process: each container's webtasks run in a process of their own, which holds mistakes but no attacks)
no sandbox: Webtasks cannot be shut in here: bubblewrap is not installed. Install it (apt-get install bubblewrap), or choose --isolation process.
not limited: memory, open files, files of this machine, network
`);
  });

  it('listens on other addresses where webtasks are shut in, and says that its URLs then need a base', async function () {
    skipUnlessShutIn(this);
    await serve(['--host', '0.0.0.0']);
    await server.until(/^next/m);
    expect(server.stdout).to.include(
      `\nno public URL: what it prints begins with ${url}, where no other machine finds it. Set --url.\n`,
    );
    url = url.replace('0.0.0.0', '127.0.0.1');
    expect((await run('return cb => cb(null, 1)')).body).to.equal('1');
  });

  it('keeps its keys: a token is good after a restart', async () => {
    for (let i = 0; i < 2; i++) {
      await start();
      expect((await run('return cb => cb(null, 1)')).body).to.equal('1');
      server.signal('SIGINT');
      expect([await server.ended, server.stderr]).to.deep.equal([0, '']);
    }
  });

  it('fetches code from an origin that is allowed', async () => {
    const origin = await startOrigin((_, res) => res.end('return cb => cb(null, "fetched")'));
    await start(['--allow-origin', origin.origin]);
    expect((await ask(`${url}/api/run/shop?key=${token}&webtask_url=${origin.origin}/a.js`)).body).to.equal(
      '"fetched"',
    );
    await origin.close();
  });

  it('cuts off what takes longer than the limit', async () => {
    await start(['--limit', '20']);
    const { message } = JSON.parse((await run('return cb => undefined')).body);
    expect(message).to.equal('webtask.js did not answer within 20 ms.');
  });

  it('reports on stderr what is for whoever runs it, with its code', async () => {
    const origin = await startOrigin((req) => req.socket.destroy());
    await start(['--allow-origin', origin.origin]);
    const answer = await ask(`${url}/api/run/shop?key=${token}&webtask_url=${origin.origin}/a.js`);
    const reason = `The code of the webtask cannot be fetched from ${origin.origin}/a.js: socket hang up.`;
    expect([answer.status, JSON.parse(answer.body).message]).to.deep.equal([502, reason]);
    await server.until(/CODE_UNREACHABLE/);
    expect(server.stderr).to.equal(
      `webtask serve: ${reason} See that its server answers, and try again. [CODE_UNREACHABLE]\n`,
    );
    await origin.close();
  });

  describe('that is told to stop', () => {
    /** Starts a webtask that answers when it is told to, on a connection that is kept. */
    const begin = async (first: string) => {
      const agent = new Agent({ keepAlive: true });
      const code = `return (ctx, req, res) => { global.held = res; ${first} console.log('begun') }`;
      const call = request(`${url}/api/run/shop?key=${token}`, { method: 'POST', agent }).end(code);
      await server.until(/begun$/m);
      return { call, agent };
    };

    it('answers what is running, accepts nothing more, and ends with 0', async () => {
      await start();
      // It ends when it sees itself that the server has stopped listening.
      const { call, agent } = await begin(`
        const net = require('net');
        const port = Number(req.headers.host.split(':')[1]);
        const look = () => net.connect(port, '127.0.0.1')
          .once('connect', function () { this.destroy(); setImmediate(look) })
          .once('error', () => res.end('answered'));
        look();`);
      server.signal('SIGTERM');
      const [answer] = await once(call, 'response');
      let body = '';
      for await (const chunk of answer) body += chunk;
      expect(body).to.equal('answered');
      expect([await server.ended, server.stderr]).to.deep.equal([0, '']);
      agent.destroy();
    });

    it('ends at once when it is told again, with 1', async () => {
      await start();
      const { call } = await begin('res.write("first");');
      const [answer] = await once(call, 'response');
      answer.once('error', () => undefined).resume();
      server.signal('SIGTERM');
      await expectRefused(url);
      server.signal('SIGTERM');
      expect([await server.ended, server.stderr]).to.deep.equal([1, '']);
    });
  });

  describe('is refused', () => {
    const refused = async (args: readonly string[], env: Record<string, string> = {}) => {
      server = startRunning('webtask', ['serve', ...args], { cwd: project.folder, env });
      return { status: await server.ended, stdout: server.stdout, stderr: server.stderr };
    };

    it('on an address that others reach, where webtasks are not shut in', async () => {
      expect(await refused(['--host', '0.0.0.0', '--isolation', 'process'])).to.deep.equal({
        status: 2,
        stdout: '',
        stderr:
          'webtask serve: The server runs webtasks without a wall around them, and so does not listen on 0.0.0.0. Listen on 127.0.0.1, or choose --isolation sandbox. [SERVE_NOT_ISOLATED]\n',
      });
    });

    it('in a sandbox that cannot be had: nobody gets less than they asked for', async () => {
      expect(await refused(['--isolation', 'sandbox'], { PATH: '' })).to.deep.equal({
        status: 1,
        stdout: '',
        stderr:
          'webtask serve: Webtasks cannot be shut in here: bubblewrap is not installed. Install it (apt-get install bubblewrap), or choose --isolation process. [SANDBOX_UNAVAILABLE]\n',
      });
    });

    it('with a folder that is not there, which no webtask could be shown', async () => {
      const folder = join(project.folder, 'none');
      expect(await refused([folder])).to.deep.equal({
        status: 2,
        stdout: '',
        stderr: `webtask serve: The folder ${folder} cannot be shown to webtasks, since there is none. Check its path. [SERVE_NO_FOLDER]\n`,
      });
    });

    it('on a port that is taken', async () => {
      const other = createServer().listen(0, '127.0.0.1');
      await once(other, 'listening');
      const { port } = other.address() as AddressInfo; // it listens on TCP
      expect(await refused(['--port', String(port)])).to.deep.equal({
        status: 2,
        stdout: '',
        stderr: `webtask serve: Port ${port} is taken by another program. Choose another with --port, or --port 0 for any free one. [SERVE_PORT_TAKEN]\n`,
      });
      other.close();
    });

    it('by the host that .env says', async () => {
      project.write('.env', 'WEBTASK_HOST=192.0.2.1\nWEBTASK_ISOLATION=process\n');
      expect((await refused([])).stderr).to.contain('does not listen on 192.0.2.1.');
      project.write('.env', '');
    });

    it('with a key file that others may read', async function () {
      if (process.platform === 'win32') this.skip(); // which has no modes
      chmodSync(join(project.folder, '.webtask', 'keys'), 0o644);
      expect(await refused([])).to.deep.equal({
        status: 2,
        stdout: '',
        stderr: `webtask serve: The key file ${join('.webtask', 'keys')} may be read by other users. Run: chmod 600 ${join('.webtask', 'keys')} [KEYS_READABLE]\n`,
      });
    });
  });
});

/** Waits until nobody listens there any more. */
async function expectRefused(url: string): Promise<void> {
  for (;;) {
    const { code } = await ask(url).then(
      () => ({ code: 'answered' }),
      (error) => error,
    );
    if (code === 'ECONNREFUSED') return;
  }
}

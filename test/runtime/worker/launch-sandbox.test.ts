import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { launchSandbox } from '../../../runtime/worker/launch-sandbox.ts';
import { findProgram } from '../../../runtime/worker/program.ts';
import { startWorker, type Worker } from '../../../runtime/worker/start-worker.ts';
import { skipUnlessShutIn } from '../../support/isolation.ts';
import { refusalOf } from '../../support/refusal.ts';
import { answerOf, runnable } from '../../support/worker.ts';

const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';
const ZONES = '/usr/share/zoneinfo/';
/** What of those is not in the temporary folder, which is a worker's own, and is on this machine. */
const isShown = (path: string): boolean => path === '/worker.cjs' || (existsSync(path) && !path.startsWith('/tmp/'));

describe('a worker that is shut in', () => {
  let program = '';
  let packages = '';
  let worker: Worker | undefined;

  before(async function () {
    // The server has native add-ons loaded; their folders were once mounted, as if Node needed them.
    await import('classic-level');
    skipUnlessShutIn(this);
    program = await findProgram(true);
    packages = mkdtempSync(join(tmpdir(), 'webtask-packages-'));
    chmodSync(packages, 0o777);
    writeFileSync(join(packages, 'index.js'), 'module.exports = "packed";');
    chmodSync(join(packages, 'index.js'), 0o666);
  });
  after(() => rmSync(packages, { recursive: true, force: true }));

  beforeEach(async () => {
    const launch = launchSandbox({
      program,
      readable: [packages],
      uid: process.getuid?.() === 0 ? 200_001 : undefined,
      memoryBytes: 128 << 20,
      temporaryBytes: 4 << 20,
      maxProcesses: 64,
      maxFiles: 256,
    });
    worker = await startWorker(launch, () => undefined);
  });
  afterEach(async () => {
    worker?.kill('the test is over');
    await worker?.ended;
  });

  const running = (): Worker => worker ?? expect.fail('the worker was not started');
  const inside = async (expression: string): Promise<unknown> => {
    const code = `const fs = require('fs');
      const tried = (call) => { try { return call(); } catch (error) { return error.code || error.message; } };
      module.exports = (cb) => cb(null, { value: ${expression} });`;
    return JSON.parse((await answerOf(running(), runnable(code))).body).value;
  };

  it('sees Node, its program and public files, and nothing else of this machine', async () => {
    expect(await inside("fs.readdirSync('/').filter((it) => !it.startsWith('lib'))")).to.deep.equal([
      'dev',
      'etc',
      'proc',
      'tmp',
      'usr',
      'worker.cjs',
    ]);
    expect(await inside("fs.readdirSync('/etc')")).to.deep.equal(['ssl']);
    expect(await inside("tried(() => fs.readFileSync('/etc/passwd'))")).to.equal('ENOENT');
    const files = `fs.readdirSync('/', { withFileTypes: true })
      .filter(({ name }) => !['dev', 'proc', 'tmp'].includes(name))
      .flatMap(({ name }) => fs.lstatSync('/' + name).isFile() ? ['/' + name] :
        fs.readdirSync('/' + name, { recursive: true }).map((it) => '/' + name + '/' + it))
      .filter((it) => !fs.lstatSync(it).isDirectory())`;
    const isLibrary = /\.so(\.\d+)*$/;
    const others = ((await inside(files)) as string[]).filter((it) => !isLibrary.test(it) && !it.startsWith(ZONES));
    expect(others).to.have.members([CERTIFICATES, process.execPath, '/worker.cjs'].filter(isShown));
    // The program itself sets the one that has the AWS SDK say nothing.
    expect(await inside('process.env')).to.include({ HOME: '/tmp', PWD: '/tmp' });
    expect(await inside('Object.keys(process.env).length')).to.equal(3);
    const environment = await inside("fs.readFileSync('/proc/1/environ', 'utf8')");
    expect(String(environment).replace(/NODE_V8_COVERAGE=[^\0]*\0/, '')).to.equal(''); // where coverage is taken
  });

  it('reads what it sees of this machine, and changes none of it, whoever may', async () => {
    const file = join(packages, 'index.js');
    expect(await inside(`require('${packages}')`)).to.equal('packed');
    for (const path of [file, join(packages, 'new.js'), '/worker.cjs', process.execPath, '/etc/x', '/usr/x']) {
      expect(await inside(`tried(() => fs.writeFileSync('${path}', 'x'))`), path).to.equal('EROFS');
    }
    expect(await inside(`tried(() => fs.chmodSync('${file}', 0o777))`)).to.equal('EROFS');
    expect(await inside(`tried(() => fs.unlinkSync('${file}'))`)).to.be.oneOf(['EROFS', 'EBUSY']);
  });

  it('finds the certificates of public authorities and the time zones that this machine has', async () => {
    for (const path of [CERTIFICATES, `${ZONES}Europe/Berlin`]) {
      const length = existsSync(path) ? readFileSync(path).length : 'ENOENT';
      expect(await inside(`tried(() => fs.readFileSync('${path}').length)`), path).to.equal(length);
    }
  });

  it('is alone: no other process, no network, a user and a host that are nobody’s', async () => {
    expect(await inside("fs.readdirSync('/proc').filter((it) => /^\\d+$/.test(it))")).to.deep.equal(['1', '2']);
    expect(await inside("Object.keys(require('os').networkInterfaces())")).to.deep.equal(['lo']);
    expect(await inside('[process.getuid(), process.getgid()]')).to.deep.equal([65_534, 65_534]);
    expect(await inside("require('os').hostname()")).to.equal('webtask');
  });

  it('has no capability, gets none, and its system calls are filtered', async () => {
    const status = "fs.readFileSync('/proc/self/status', 'utf8').match(/^(CapEff|CapBnd|NoNewPrivs|Seccomp):.*/gm)";
    expect(await inside(status)).to.deep.equal([
      'CapEff:\t0000000000000000',
      'CapBnd:\t0000000000000000',
      'NoNewPrivs:\t1',
      'Seccomp:\t2',
    ]);
  });

  it('ends before its server does where the machine has no memory left', async () => {
    expect(await inside("fs.readFileSync('/proc/self/oom_score_adj', 'utf8').trim()")).to.equal('1000');
  });

  it('writes to its temporary folder only, and only so much', async () => {
    expect(await inside("tried(() => fs.writeFileSync('/x', 'x'))")).to.equal('EROFS');
    expect(await inside("tried(() => fs.writeFileSync('/dev/x', 'x'))")).to.equal('EROFS');
    expect(await inside("tried(() => fs.writeFileSync('/dev/shm/x', 'x'))")).to.equal('EROFS');
    expect(await inside("tried(() => fs.writeFileSync('/dev/null', 'x'))")).to.equal(undefined);
    expect(await inside("tried(() => fs.writeFileSync('/tmp/x', Buffer.alloc(8 << 20)))")).to.equal('ENOSPC');
  });

  it('cannot make the memory that it shares with its server larger than its files may be', async () => {
    expect(await inside("/#\\d+ \\(deleted\\)$/.test(fs.readlinkSync('/proc/self/fd/6'))")).to.equal(true);
    expect(await inside('tried(() => fs.ftruncateSync(6, (8 << 20) + 1))')).to.equal('EFBIG');
    expect(await inside('tried(() => fs.writeSync(6, "x", 8 << 20))')).to.equal('EFBIG');
  });

  it('ends where its memory does, buffers included, and the server goes on', async () => {
    const bomb = runnable('const all = []; module.exports = cb => { for (;;) all.push(Buffer.alloc(1 << 20, 1)); };');
    expect(await refusalOf(answerOf(running(), bomb))).to.include({ code: 'RUN_MEMORY_EXCEEDED' });
  });

  it('leaves nothing behind when it is ended in the middle of a loop', async () => {
    const loop = answerOf(running(), runnable('module.exports = cb => { while (true); };')).catch(
      (error: unknown) => error,
    );
    running().kill('the test says so');
    expect(await loop).to.include({ code: 'WORKER_ENDED', message: 'worker recycled: the test says so' });
    expect(() => process.kill(running().pid, 0)).to.throw('ESRCH');
  });
});

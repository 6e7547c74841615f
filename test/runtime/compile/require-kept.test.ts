import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, watch } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { keep } from '../../../runtime/compile/kept-files.ts';
import { WRAPPER } from '../../../runtime/compile/require-kept.ts';
import { FROM_SOURCE, toItsEnd } from '../../support/program.ts';

const REQUIRE_KEPT = new URL('../../../runtime/compile/require-kept.ts', import.meta.url).href;
const programOf = (word: string): string => WRAPPER.join(`module.exports = { say: () => ${JSON.stringify(word)} };`);

/** Seconds since the epoch. */
const WRITTEN = 500_000_000;

/** Modes are not what they are elsewhere. */
const itOnUnix = process.platform === 'win32' ? it.skip : it;

describe('a program that is run with what V8 compiled of it the last time', () => {
  let folder: string;
  let file: string;
  let kept: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wt-'));
    file = join(folder, 'program.cjs');
    kept = join(folder, 'a', 'kept');
    await writeFile(file, programOf('one'));
    await utimes(file, WRITTEN, WRITTEN);
  });

  afterEach(() => rm(folder, { recursive: true }));

  /** Runs it in a process of its own: V8 remembers what it compiled in this one. */
  function start(use = 'serve', env: NodeJS.ProcessEnv = {}, then = '') {
    const script = `
      const { requireKept } = await import(${JSON.stringify(REQUIRE_KEPT)});
      console.log(requireKept(${JSON.stringify(file)}, ${JSON.stringify(use)}, ${JSON.stringify(kept)}).say());
      ${then}`;
    const args = [...FROM_SOURCE, '--input-type=module', '--eval', script];
    // Node hands on what has it count which code runs, and such code is not kept.
    const ofNode = { PATH: process.env.PATH, NODE_V8_COVERAGE: undefined };
    return spawn(process.execPath, args, { env: { ...ofNode, ...env } });
  }

  const run = async (...args: Parameters<typeof start>) => (await toItsEnd(start(...args))).stdout.trim();

  /** Changes it so that nothing but what it says is another: who says the word of before has not compiled it. */
  async function changeUnseen(): Promise<void> {
    await writeFile(file, programOf('two'));
    await utimes(file, WRITTEN, WRITTEN);
  }

  it('is not compiled again', async () => {
    expect(await run()).to.equal('one');
    await changeUnseen();
    expect(await run()).to.equal('one');
    expect(await readdir(kept)).to.have.length(1);
  });

  it('loads modules late, as import() does', async () => {
    const code = `module.exports = { say: () => __load('node:os').then((it) => console.log(it.EOL.length)) };`;
    await writeFile(file, WRAPPER.join(code));
    expect(await toItsEnd(start())).to.deep.equal({ status: 0, stdout: `Promise { <pending> }\n1\n`, stderr: '' });
  });

  it('is compiled for each use, since each calls other functions', async () => {
    await run();
    await changeUnseen();
    expect(await run('run')).to.equal('two');
    expect(await readdir(kept)).to.have.length(2);
  });

  it('is compiled again where its file has changed', async () => {
    await run();
    await writeFile(file, programOf('two'));
    expect(await run()).to.equal('two');
  });

  it('is compiled again, and kept anew, where V8 cannot use what is kept', async () => {
    await run();
    const [name = ''] = await readdir(kept);
    keep(kept, name, Buffer.from('no code'), 10);
    await changeUnseen();
    expect(await run()).to.equal('two');
    expect((await readFile(join(kept, name))).includes('no code')).to.equal(false);
  });

  itOnUnix('is compiled again where others could have changed what is kept, since it is run', async () => {
    await run();
    await changeUnseen();
    await chmod(kept, 0o777);
    expect(await run()).to.equal('two');
  });

  it('runs all the same where nothing can be kept', async () => {
    await mkdir(join(folder, 'a'));
    await writeFile(kept, '');
    expect(await run()).to.equal('one');
  });

  it('is compiled for itself where it is counted what runs', async () => {
    expect(await run('serve', { NODE_V8_COVERAGE: join(folder, 'counted') })).to.equal('one');
    expect(existsSync(kept)).to.equal(false);
  });

  it('is kept once it has started, where it goes on: it may end without a word', async function () {
    this.timeout(20_000);
    await mkdir(kept, { recursive: true, mode: 0o700 });
    const watching = watch(kept);
    const child = start('serve', {}, 'setInterval(() => undefined, 1000)');
    await once(watching, 'change');
    watching.close();
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    expect(await readdir(kept)).to.have.length(1);
  });
});

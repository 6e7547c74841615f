import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { openEmbeddedStore } from '../../../runtime/store/embedded.ts';
import { openStore, type Store } from '../../../runtime/store/index.ts';
import { FROM_SOURCE } from '../../support/program.ts';
import { refusalOf } from '../../support/refusal.ts';

const FIXTURE = fileURLToPath(new URL('./fixtures/process.ts', import.meta.url));
const KEY = { partition: 'p', sort: 'a' };

/** Modes, signals and socket files are not what they are elsewhere. */
const itOnUnix = process.platform === 'win32' ? it.skip : it;

describe('the embedded store of a data folder', () => {
  let folder: string;
  let opened: { close(): Promise<void> }[];
  let children: ChildProcess[];

  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'wt-')));
    opened = [];
    children = [];
  });

  afterEach(async () => {
    for (const store of opened.toReversed()) await store.close();
    for (const child of children) await kill(child);
    await rm(folder, { recursive: true });
  });

  async function open(path = folder): Promise<Store> {
    const store = await openStore(path, {});
    opened.push(store);
    return store;
  }

  /** Starts a process that opens the store, and waits until it has. */
  async function startProcess() {
    const child = spawn(process.execPath, [...FROM_SOURCE, FIXTURE, folder], { stdio: 'pipe' });
    children.push(child);
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const hear = async (): Promise<unknown> => {
      const { done, value } = await lines.next();
      if (done) throw new Error(`the process ended: ${stderr}`);
      return JSON.parse(value);
    };
    expect(await hear()).to.equal('opened');
    return {
      child,
      hear,
      /** Tells it one thing, and hears what it says. */
      ask(line: string): Promise<unknown> {
        child.stdin.write(`${line}\n`);
        return hear();
      },
      /** Says no more to it; it ends by itself. */
      async end() {
        child.stdin.end();
        const [status] = await once(child, 'close');
        return { status, stderr };
      },
    };
  }

  const ownerOf = async (): Promise<number> => Number.parseInt(await readFile(join(folder, 'owner'), 'utf8'), 10);

  describe('where it is', () => {
    itOnUnix('is closed to everybody else: folder 0700, owner file 0600, also in a folder that was open', async () => {
      await chmod(folder, 0o755);
      await open();
      const mode = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);
      expect(await mode(folder)).to.equal('700');
      expect(await mode(join(folder, 'owner'))).to.equal('600');
      expect((await readdir(folder)).toSorted()).to.deep.equal(['dynamodb', 'dynamodb.sock', 'owner']);
    });

    it('makes the folder, and those above it', async () => {
      const store = await open(join(folder, 'a', 'b'));
      expect((await store.put(KEY, 1)).ok).to.equal(true);
    });

    it('opens no TCP port, because it knows no credentials', async () => {
      const { ask } = await startProcess();
      expect(await ask('put a 1')).to.equal(true);
      expect(await ask('tcp')).to.equal(0);
    });

    itOnUnix('has its socket elsewhere, as private, where the path of the folder is too long for one', async () => {
      const path = join(folder, 'x'.repeat(100));
      const { socketPath, close } = await openEmbeddedStore(path);
      opened.push({ close });
      const own = join(tmpdir(), `webtask-kit-${process.getuid?.()}`);
      expect(socketPath).to.match(/\/[0-9a-f]{16}\.sock$/);
      expect(socketPath.slice(0, -'/0123456789abcdef.sock'.length)).to.equal(own);
      expect((await stat(own)).mode & 0o777).to.equal(0o700);
      const store = await open(path);
      expect((await store.put(KEY, 1)).ok).to.equal(true);
    });

    itOnUnix('trusts no such place that somebody else made', async () => {
      const { TMPDIR } = process.env;
      const planted = join(folder, `webtask-kit-${process.getuid?.()}`);
      await mkdir(join(folder, 'theirs'));
      await symlink(join(folder, 'theirs'), planted);
      process.env.TMPDIR = folder;
      try {
        expect(await refusalOf(openEmbeddedStore(join(folder, 'x'.repeat(100))))).to.deep.equal({
          code: 'STORE_FOLDER_FOREIGN',
          message: `The folder ${planted} for the socket of the embedded store belongs to somebody else.`,
          fix: 'Use a data folder with a shorter path: its socket is then in it.',
        });
      } finally {
        if (TMPDIR === undefined) delete process.env.TMPDIR;
        else process.env.TMPDIR = TMPDIR;
      }
    });
  });

  describe('from one opening to the next', () => {
    it('keeps what was written', async () => {
      const first = await openStore(folder, {});
      const written = await first.put(KEY, { n: 1 });
      await first.close();
      const second = await open();
      expect(await second.get(KEY)).to.deep.equal({ ...KEY, version: written.ok && written.version, value: { n: 1 } });
    });

    it('leaves neither socket nor owner file, and may be closed twice', async () => {
      const store = await openStore(folder, {});
      await Promise.all([store.close(), store.close()]);
      await store.close();
      expect(await readdir(folder)).to.deep.equal(['dynamodb']);
    });

    it('says that it is closed to whoever still asks', async () => {
      const store = await openStore(folder, {});
      await store.close();
      const { code, message } = await refusalOf(store.get(KEY));
      expect({ code, message }).to.deep.equal({
        code: 'STORE_UNREACHABLE',
        message: 'The store did not answer: it is closed.',
      });
    });

    it('opens again at once, time after time', async () => {
      for (let n = 0; n < 5; n++) {
        const store = await openStore(folder, {});
        expect((await store.get(KEY))?.value).to.equal(n === 0 ? undefined : n - 1);
        await store.put(KEY, n);
        await store.close();
      }
    });

    it('makes a table whole that was half made when its process was killed', async () => {
      const { default: db } = await import('dynalite/db/index.js');
      await (await openStore(folder, {})).close();
      const tables = db.create({ path: join(folder, 'dynamodb') });
      const half = await new Promise<object>((done) => tables.getTable('webtask', false, (_, table) => done(table)));
      await new Promise((done) => tables.tableDb.put('webtask', { ...half, TableStatus: 'CREATING' }, done));
      await tables.db.close();
      const store = await open();
      expect((await store.put(KEY, 1)).ok).to.equal(true);
    });

    it('says by name that its files are damaged', async () => {
      await (await openStore(folder, {})).close();
      await writeFile(join(folder, 'dynamodb', 'CURRENT'), 'nonsense');
      expect(await refusalOf(openStore(folder, {}))).to.deep.equal({
        code: 'STORE_FILES_UNUSABLE',
        message: `The files of the embedded store in ${join(folder, 'dynamodb')} cannot be opened: Corruption: CURRENT file does not end with newline.`,
        fix: 'Look at who owns them and at the space that is left; where they are damaged, restore a copy.',
      });
      expect(await readdir(folder)).to.deep.equal(['dynamodb']);
    });
  });

  describe('with several processes', () => {
    it('is served by the first, and the others connect to it', async () => {
      const owner = await startProcess();
      const store = await open();
      expect(await ownerOf()).to.equal(owner.child.pid);
      expect(await owner.ask('put a theirs')).to.equal(true);
      expect(await store.get(KEY)).to.include({ value: 'theirs' });
      expect((await store.put({ ...KEY, sort: 'b' }, 'ours')).ok).to.equal(true);
      expect(await owner.ask('get b')).to.equal('ours');
      expect(await owner.ask('put b theirs')).to.equal(false);
    });

    it('goes on where one that is connected closes', async () => {
      const owner = await startProcess();
      const guest = await openStore(folder, {});
      await guest.close();
      expect(await ownerOf()).to.equal(owner.child.pid);
      expect(await owner.ask('put a 1')).to.equal(true);
      expect((await (await open()).get(KEY))?.value).to.equal('1');
    });

    it('goes on where one that is connected dies in the middle of a request', async () => {
      const owner = await startProcess();
      const { socketPath } = await openEmbeddedStore(folder);
      const socket = connect(socketPath);
      socket.write('POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\r\n{');
      await once(socket, 'connect');
      socket.destroy();
      await once(socket, 'close');
      expect(await owner.ask('put a 1')).to.equal(true);
      expect(await owner.ask('get a')).to.equal('1');
    });

    it('passes to the next process when its owner closes', async () => {
      const owner = await startProcess();
      expect(await owner.ask('put a 1')).to.equal(true);
      expect(await owner.ask('close')).to.equal('closed');
      const store = await open();
      expect(await ownerOf()).to.equal(process.pid);
      expect((await store.get(KEY))?.value).to.equal('1');
    });

    it('passes to the next process when its owner is killed, with every write that was acknowledged', async () => {
      const owner = await startProcess();
      let acknowledged = Number(await owner.ask('flood'));
      while (acknowledged < 300) acknowledged = Number(await owner.hear());
      await kill(owner.child);
      const store = await open();
      expect(await ownerOf()).to.equal(process.pid);
      const values = new Set((await store.list('p', { limit: 100_000 })).map(({ value }) => value));
      const missing = Array.from({ length: acknowledged + 1 }, (_, n) => n).filter((n) => !values.has(n));
      expect(missing).to.deep.equal([]);
    });

    it('passes to exactly one of several that are waiting when its owner is killed', async () => {
      const owner = await startProcess();
      await kill(owner.child);
      const heirs = await Promise.all([startProcess(), startProcess(), startProcess()]);
      expect(heirs.map(({ child }) => child.pid)).to.include(await ownerOf());
      const answers = await Promise.all(heirs.map(({ ask }, n) => ask(`put only ${n}`)));
      expect(answers.filter(Boolean)).to.have.length(1);
      const winner = String(answers.indexOf(true));
      expect(await Promise.all(heirs.map(({ ask }) => ask('get only')))).to.deep.equal([winner, winner, winner]);
    });

    it('is not kept from anybody by the process id of a dead owner that lives again', async () => {
      await (await openStore(folder, {})).close();
      await writeFile(join(folder, 'owner'), String(process.ppid));
      await writeFile(join(folder, 'dynamodb.sock'), '');
      const store = await open();
      expect((await store.put(KEY, 1)).ok).to.equal(true);
      expect(await ownerOf()).to.equal(process.pid);
    });

    itOnUnix('names the process that holds it and does not answer, and waits for it a while', async () => {
      const owner = await startProcess();
      owner.child.kill('SIGSTOP');
      expect(await refusalOf(openEmbeddedStore(folder, 200))).to.deep.equal({
        code: 'STORE_OWNER_SILENT',
        message: `The data folder ${folder} belongs to process, process ${owner.child.pid}, which does not answer.`,
        fix: 'End that process, or wait until it answers: one process at a time serves the store of a folder.',
      });
      const later = open();
      owner.child.kill('SIGCONT');
      expect((await (await later).put(KEY, 1)).ok).to.equal(true);
      expect(await ownerOf()).to.equal(owner.child.pid);
    });
  });

  describe('in a program', () => {
    it('prints nothing, and keeps it neither from working nor from ending', async () => {
      const { ask, end } = await startProcess();
      expect(await ask('put a 1')).to.equal(true);
      expect(await ask('list')).to.equal(1);
      // It was not closed: what is left of it is in nobody's way.
      expect(await end()).to.deep.equal({ status: 0, stderr: '' });
      expect((await (await open()).get(KEY))?.value).to.equal('1');
    });
  });
});

/** Kills a process as nothing can prevent, and waits until it is gone. */
async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { openStore, type Store } from '../../../runtime/store/index.ts';
import { FROM_SOURCE } from '../../support/program.ts';
import { refusalOf } from '../../support/refusal.ts';
import { startRunning } from '../../support/running.ts';
import { CLUSTER } from '../../support/server.ts';

const FIXTURE = fileURLToPath(new URL('./fixtures/process.ts', import.meta.url));
const KEY = { partition: 'p', sort: 'a' };
const itOnUnix = process.platform === 'win32' ? it.skip : it;

describe('the one owner of a data folder', () => {
  let folder: string;
  let owner: ChildProcess;
  let store: Store | undefined;

  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'wt-')));
    store = undefined;
    owner = spawn(process.execPath, [...FROM_SOURCE, FIXTURE, folder], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(owner.stdout as NonNullable<ChildProcess['stdout']>, 'data'); // it has opened the store
  });

  afterEach(async () => {
    await kill(owner);
    await store?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const ownerFile = (): Promise<string> => readFile(join(folder, 'owner'), 'utf8');

  it('is noted with its process id and program, never with what else it was given', async () => {
    expect(await ownerFile()).to.equal(`${owner.pid} process\n`);
  });

  it('may die under those that are connected: the next request makes one of them the owner', async () => {
    const first = await openStore(folder, {});
    const second = await openStore(folder, {});
    expect((await first.put(KEY, 1)).ok).to.equal(true);
    await kill(owner);
    expect((await first.get(KEY))?.value).to.equal(1);
    expect((await second.put(KEY, 2)).ok).to.equal(true);
    expect(await ownerFile()).to.match(new RegExp(`^${process.pid} `));
    await first.close();
    // The owner has gone once more, this time by itself.
    expect((await second.get(KEY))?.value).to.equal(2);
    await second.close();
  });

  it('may die in the middle of requests: each is answered once the next owner is there', async () => {
    store = await openStore(folder, {});
    const open = store;
    await open.get(KEY);
    const writes = Array.from({ length: 40 }, (_, n) => open.put({ ...KEY, sort: `k${n}` }, n, { expected: null }));
    owner.kill('SIGKILL');
    expect((await Promise.all(writes)).map(({ ok }) => ok)).to.deep.equal(writes.map(() => true));
    expect(await open.list('p', { limit: 100 })).to.have.length(40);
  });

  it('has no successor in a folder that was removed', async () => {
    store = await openStore(folder, {});
    await kill(owner);
    await rm(folder, { recursive: true });
    expect((await refusalOf(store.get(KEY))).code).to.equal('STORE_UNREACHABLE');
  });

  itOnUnix('is named to a server that finds it frozen, in bounded time and with the way out', async () => {
    owner.kill('SIGSTOP');
    const server = startRunning('webtask', ['serve', '--port', '0', '--data', folder], { env: CLUSTER });
    expect([await server.ended, server.stdout, server.stderr]).to.deep.equal([
      1,
      '',
      `webtask serve: The data folder ${folder} belongs to process, process ${owner.pid}, which does not answer. End that process, or wait until it answers: one process at a time serves the store of a folder. [STORE_OWNER_SILENT]\n`,
    ]);
  }).timeout(20_000);

  it('that two servers share is one of them, and the other goes on when that one is killed', async () => {
    await kill(owner);
    const [first, second] = await Promise.all(
      [1, 2].map(async () => {
        const server = startRunning('webtask', ['serve', '--port', '0', '--data', folder], { env: CLUSTER });
        const [, url = ''] = await server.until(/listening on (http:\/\/\S+)/);
        return { server, url };
      }),
    );
    const pid = Number.parseInt(await ownerFile(), 10);
    const isReady = async (url: string): Promise<number> => (await fetch(`${url}/readyz`)).status;
    expect(await Promise.all([first, second].map((it) => isReady(it?.url ?? '')))).to.deep.equal([200, 200]);
    expect(await ownerFile()).to.match(/^\d+ webtask serve\n$/);
    process.kill(pid, 'SIGKILL');
    const ends = await Promise.race([first, second].map(async (it) => (await it?.server.ended) && it));
    const other = ends === first ? second : first;
    expect(await isReady(other?.url ?? '')).to.equal(200);
    await other?.server.kill();
  }).timeout(20_000);
});

describe('a data folder that cannot be used', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'wt-')));
  });

  afterEach(async () => {
    await chmod(folder, 0o700);
    await rm(folder, { recursive: true, force: true });
  });

  it('is refused by name where its path leads through a file', async () => {
    await writeFile(join(folder, 'file'), '');
    const path = join(folder, 'file', 'data');
    const { code, message } = await refusalOf(openStore(path, {}));
    expect([code, message.replace(/ENOTDIR.*/, 'ENOTDIR')]).to.deep.equal([
      'STORE_FILES_UNUSABLE',
      `The files of the embedded store in ${path} cannot be opened: ENOTDIR`,
    ]);
  });

  itOnUnix('is refused by name where it, or what is above it, belongs to somebody else', async () => {
    await mkdir(join(folder, 'theirs'), { mode: 0o500 });
    await chmod(folder, 0o555);
    // To root's eyes it is somebody else's; who is no other user can make none, and has only what is above it.
    const isRoot = process.geteuid?.() === 0;
    for (const path of [...(isRoot ? [join(folder, 'theirs')] : []), join(folder, 'new')]) {
      const { code, message, fix } = await asNobody(() => refusalOf(openStore(path, {})));
      expect([code, fix]).to.deep.equal([
        'STORE_FILES_UNUSABLE',
        'Look at who owns them and at the space that is left; where they are damaged, restore a copy.',
      ]);
      expect(message).to.match(
        / cannot be opened: (EACCES: permission denied|EPERM: operation not permitted|IO error)/,
      );
    }
    await chmod(folder, 0o700);
    expect(await readdir(folder)).to.deep.equal(['theirs']);
  });
});

/** Nothing is refused to root. */
async function asNobody<T>(act: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return act();
  process.seteuid?.(65_534);
  try {
    return await act();
  } finally {
    process.seteuid?.(0);
  }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

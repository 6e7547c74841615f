import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { openRevocation, type Revocation, revocationOf } from '../../../../runtime/identity/revocation/index.ts';
import { snapshotFile } from '../../../../runtime/identity/revocation/snapshot-file.ts';
import { createMemoryStore, type Store } from '../../../../runtime/store/index.ts';
import { NOW, verified } from '../../../support/revocation.ts';

describe('the snapshot of a data folder', () => {
  let dataFolder: string;
  let store: Store;
  let time: number;
  /** How often entries were listed, which who has a snapshot need not do. */
  let loads: number;
  let opened: Revocation[];

  /** A store that is another one for whoever opens it. */
  function createStore(): Store {
    const memory = createMemoryStore(() => time);
    return {
      ...memory,
      list(partition, options) {
        if (/\/\d$/.test(partition)) loads += 1;
        return memory.list(partition, options);
      },
    };
  }

  function open(...tenants: string[]): Revocation {
    const revocation = openRevocation({ store, tenants, dataFolder, now: () => time * 1000 });
    opened.push(revocation);
    return revocation;
  }

  /** Has a process know of one revoked token, and end. */
  async function leaveSnapshot(): Promise<void> {
    const revocation = open('acme');
    await revocation.ready();
    await revocation.tenant('acme').revoke(revocationOf(verified({ jti: 'before' })));
    await revocation.close();
    loads = 0;
  }

  beforeEach(async () => {
    dataFolder = await mkdtemp(join(tmpdir(), 'webtask-revocation-'));
    time = NOW;
    loads = 0;
    opened = [];
    store = createStore();
  });

  afterEach(async () => {
    for (const revocation of opened) await revocation.close();
    await rm(dataFolder, { recursive: true });
  });

  it('has the next process know at once what this one knew, and read only what came after', async () => {
    await leaveSnapshot();
    const other = openOther('acme');
    await other.ready();
    await other.tenant('acme').revoke(revocationOf(verified({ jti: 'meanwhile' })));
    loads = 0;
    const next = open('acme');
    await next.ready();
    expect(next.readiness()).to.deep.equal({ isReady: true, tenants: 1, ready: 1, entries: 2, snapshot: 'loaded' });
    const acme = next.tenant('acme');
    const statuses = ['before', 'meanwhile', 'never'].map((jti) => acme.check(verified({ jti })).status);
    expect(statuses).to.deep.equal(['revoked', 'revoked', 'active']);
    expect(loads).to.equal(0);
  });

  /** Another process, which keeps no snapshot. */
  function openOther(...tenants: string[]): Revocation {
    const revocation = openRevocation({ store, tenants, now: () => time * 1000 });
    opened.push(revocation);
    return revocation;
  }

  it('answers nothing before the store has been read, however new it is', async () => {
    await leaveSnapshot();
    expect(
      open('acme')
        .tenant('acme')
        .check(verified({ jti: 'never' })),
    ).to.deep.equal({ status: 'unknown', asOf: 0 });
  });

  it('is one of the tenants in it: another one is loaded', async () => {
    await leaveSnapshot();
    const next = open('acme', 'other');
    await next.ready();
    expect(loads).to.equal(4);
  });

  it('is closed to everybody else, and leaves no other file', async () => {
    await leaveSnapshot();
    const file = snapshotFile(dataFolder);
    if (process.platform !== 'win32') {
      expect((await stat(file)).mode & 0o777).to.equal(0o600);
      expect((await stat(dirname(file))).mode & 0o777).to.equal(0o700);
    }
    expect(await readdir(dirname(file))).to.deep.equal(['snapshot']);
  });

  /** What is wrong with a snapshot, and how it is said. */
  const refused: readonly [string, string, (bytes: Buffer) => Buffer][] = [
    ['of which a bit has changed', 'it is damaged', (bytes) => flipped(bytes, bytes.length >> 1)],
    ['whose header has changed', 'it is damaged', (bytes) => flipped(bytes, 40)],
    ['whose checksum has changed', 'it is damaged', (bytes) => flipped(bytes, bytes.length - 1)],
    ['of which a part is missing', 'it is damaged', (bytes) => bytes.subarray(0, bytes.length - 100)],
    ['that is empty', 'it has another format', () => Buffer.alloc(0)],
    ['of another format', 'it has another format', (bytes) => flipped(bytes, 23)],
  ];
  for (const [what, reason, change] of refused) {
    it(`is refused and made anew where it is one ${what}`, async () => {
      await leaveSnapshot();
      const file = snapshotFile(dataFolder);
      await writeFile(file, change(await readFile(file)));
      const next = open('acme');
      await next.ready();
      expect(next.readiness()).to.include({ isReady: true, entries: 1, snapshot: reason });
      expect(next.tenant('acme').check(verified({ jti: 'before' })).status).to.equal('revoked');
      await next.close();
      const last = open('acme');
      expect(last.readiness().snapshot).to.equal('loaded');
    });
  }

  it('is refused where it is older than half the time for which logs are kept, or of the future', async () => {
    await leaveSnapshot();
    time = NOW + 30 * 60 + 1;
    expect(open('acme').readiness().snapshot).to.equal('it is too old');
    time = NOW - 61;
    expect(open('acme').readiness().snapshot).to.equal('it is of the future');
  });

  it('is forgotten where it is of another store: what is revoked there is nothing here', async () => {
    await leaveSnapshot();
    store = createStore();
    await openOther('acme')
      .tenant('acme')
      .revoke(revocationOf(verified({ jti: 'here' })));
    const next = open('acme');
    await next.ready();
    const acme = next.tenant('acme');
    expect(acme.check(verified({ jti: 'here' })).status).to.equal('revoked');
    expect(acme.check(verified({ jti: 'before' })).status).to.equal('active');
  });

  it('is none where its folder cannot be read, which keeps nobody from starting', async () => {
    await mkdir(snapshotFile(dataFolder), { recursive: true });
    const next = open('acme');
    await next.ready();
    expect(next.readiness()).to.deep.include({
      isReady: true,
      snapshot: 'EISDIR: illegal operation on a directory, read',
    });
  });
});

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

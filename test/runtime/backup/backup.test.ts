import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { backUp, restore } from '../../../runtime/backup/index.ts';
import { createRegistry } from '../../../runtime/server/registry/registry.ts';
import { createDocuments, openStore, openUnchecked, type Store, writeFormat } from '../../../runtime/store/index.ts';
import { refusalOf } from '../../support/refusal.ts';

const NOW = Date.parse('2026-01-02T03:04:05.678Z');
const LARGE = { text: 'ü'.repeat(200 * 1024) };

describe('a backup', () => {
  let folder: string;
  let file: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wt-'));
    file = join(folder, 'backup.gz');
  });

  afterEach(() => rm(folder, { recursive: true }));

  const open = (name: string): Promise<Store> => openStore(join(folder, name), {});
  const make = (more: { withKeys?: boolean; file?: string } = {}) =>
    backUp({ dataFolder: join(folder, 'old'), env: {}, file, withKeys: false, now: NOW, ...more });
  const bringBack = (name = 'new') => restore({ dataFolder: join(folder, name), env: {}, file, now: NOW });
  const linesOf = async (): Promise<string[]> =>
    gunzipSync(await readFile(file))
      .toString()
      .trimEnd()
      .split('\n');
  const rewrite = async (change: (lines: string[]) => string[]): Promise<void> =>
    writeFile(file, gzipSync(`${change(await linesOf()).join('\n')}\n`));

  async function fill(): Promise<void> {
    const store = await open('old');
    const registry = createRegistry(async () => store, { isOwnHost: () => false }, 5 * 1024 * 1024);
    const code = await registry.putCode('x'.repeat(600_000));
    await registry.putNamed({ container: 'dev', name: 'a~b', token: 't', meta: { k: 'v' }, code, host: 'a.example' });
    await createDocuments(store).put({ partition: 'storage/dev', sort: 'a~b' }, LARGE);
    await store.put({ partition: 'revoked/aa', sort: 'aa' }, { jti: 'a' }, { expires: NOW });
    await store.put({ partition: 'p', sort: '😀\u0000' }, null);
    // A write that was cut short.
    await store.put({ partition: 'documents/orphan', sort: '0' }, 'orphan');
    await store.close();
  }

  it('holds everything but what nobody can reach, in one file that is closed to everybody else', async () => {
    await fill();
    const report = await make();
    const { size, mode } = await stat(file);
    expect(report).to.deep.equal({ file, items: 14, bytes: size, withKeys: false });
    if (process.platform !== 'win32') expect((mode & 0o777).toString(8)).to.equal('600');
    const lines = await linesOf();
    expect(lines[0]).to.equal('{"backup":1,"format":1,"madeAt":"2026-01-02T03:04:05.678Z"}');
    expect(lines.at(-1)).to.match(/^\{"end":14,"sha256":"[0-9a-f]{64}"\}$/);
    expect(lines.join('\n')).to.not.include('orphan');
    expect((await readdir(folder)).toSorted()).to.deep.equal(['backup.gz', 'old']);
  });

  it('gives the same webtasks, code, storage, hosts and revocations in another folder', async () => {
    await fill();
    await make();
    expect(await bringBack()).to.deep.equal({
      file,
      items: 14,
      madeAt: '2026-01-02T03:04:05.678Z',
      withKeys: false,
    });
    const store = await open('new');
    const registry = createRegistry(async () => store, { isOwnHost: () => false }, 5 * 1024 * 1024);
    const webtask = await registry.getNamed('dev', 'a~b');
    expect(webtask).to.deep.include({ token: 't', meta: { k: 'v' }, host: 'a.example' });
    expect(await registry.getCode(webtask?.code ?? '')).to.equal('x'.repeat(600_000));
    expect(await registry.listNamed('dev', { offset: 0, limit: 10 })).to.have.length(1);
    expect(await registry.containerOfHost('a.example')).to.equal('dev');
    const document = await createDocuments(store).get({ partition: 'storage/dev', sort: 'a~b' });
    expect(document?.value).to.deep.equal(LARGE);
    expect(await store.get({ partition: 'revoked/aa', sort: 'aa' })).to.include({ expires: NOW });
    expect((await store.get({ partition: 'p', sort: '😀\u0000' }))?.value).to.equal(null);
    await store.close();
  });

  it('made while documents change has each of them whole, and every webtask with its code', async () => {
    const store = await open('old');
    const registry = createRegistry(async () => store, { isOwnHost: () => false }, 5 * 1024 * 1024);
    const documents = createDocuments(store);
    let isOver = false;
    const key = (n: number) => ({ partition: 'storage/dev', sort: `w${n}` });
    for (let n = 0; n < 6; n++) await documents.put(key(n), { text: 'start'.repeat(80_000) });
    const writing = (async () => {
      for (let i = 0; !isOver; i++) {
        await documents.put(key(i % 6), { text: String(i % 10).repeat(400_000) });
        const code = await registry.putCode(`// ${i}`);
        await registry.putNamed({ container: 'dev', name: `w${i}`, token: '', meta: {}, code });
      }
    })();
    await make();
    isOver = true;
    await writing;
    await store.close();
    await bringBack();
    const restored = await open('new');
    for (let n = 0; n < 6; n++) {
      const { text = '' } = ((await createDocuments(restored).get(key(n)))?.value ?? {}) as { text?: string };
      expect(text).to.match(/^((start){80000}|(\d)\3{399999})$/);
    }
    const there = createRegistry(async () => restored, { isOwnHost: () => false }, 5 * 1024 * 1024);
    for (const { name, code } of await there.listNamed('dev', { offset: 0, limit: 10_000 })) {
      expect(await there.getCode(code ?? '')).to.equal(`// ${name.slice(1)}`);
    }
    await restored.close();
  }).timeout(30_000);

  describe('with keys', () => {
    it('holds them only where that was asked for, and brings them back closed to everybody else', async () => {
      await fill();
      await writeFile(join(folder, 'old', 'keys'), '{"keys":["secret"]}', { mode: 0o600 });
      await make();
      expect((await linesOf()).join('\n')).to.not.include('secret');
      await rm(file);
      expect(await make({ withKeys: true })).to.include({ withKeys: true });
      expect(await bringBack()).to.include({ withKeys: true });
      const keys = join(folder, 'new', 'keys');
      expect(await readFile(keys, 'utf8')).to.equal('{"keys":["secret"]}');
      if (process.platform !== 'win32') expect(((await stat(keys)).mode & 0o777).toString(8)).to.equal('600');
    });

    it('is refused where there are none to add', async () => {
      await fill();
      expect(await refusalOf(make({ withKeys: true }))).to.deep.equal({
        code: 'BACKUP_NO_KEYS',
        message: `There is no key file ${join(folder, 'old', 'keys')} to back up.`,
        fix: 'Leave out --with-keys: keys that come from the environment are kept where that comes from.',
      });
    });

    it('replaces no other keys', async () => {
      await fill();
      await writeFile(join(folder, 'old', 'keys'), 'one');
      await make({ withKeys: true });
      await (await open('new')).close();
      await writeFile(join(folder, 'new', 'keys'), 'another');
      expect(await refusalOf(bringBack())).to.deep.equal({
        code: 'BACKUP_OTHER_KEYS',
        message: `${join(folder, 'new', 'keys')} holds other keys than the backup. Nothing was restored.`,
        fix: 'Name an empty folder by --data, or move that key file away.',
      });
    });
  });

  it('overwrites no file', async () => {
    await writeFile(file, 'mine');
    expect(await refusalOf(make())).to.deep.equal({
      code: 'BACKUP_FILE_EXISTS',
      message: `${file} exists, and is not overwritten.`,
      fix: 'Choose another name, or remove it first.',
    });
  });

  it('that cannot be written says why, and leaves nothing', async () => {
    const nowhere = join(folder, 'missing', 'backup.gz');
    const { code, message } = await refusalOf(make({ file: nowhere }));
    expect(code).to.equal('BACKUP_NOT_WRITTEN');
    expect(message).to.match(/^The backup .*missing\/backup\.gz cannot be written: ENOENT: no such file or directory/);
  });

  describe('that is restored', () => {
    it('goes into an empty store only', async () => {
      await fill();
      await make();
      expect(await refusalOf(bringBack('old'))).to.deep.equal({
        code: 'STORE_NOT_EMPTY',
        message: 'The store already holds something; a backup is restored into an empty one only.',
        fix: 'Name another data folder by --data, or an empty table.',
      });
    });

    for (const [what, change, reason] of [
      ['has lost its end', (lines: string[]) => lines.slice(0, -1), 'its end is missing'],
      ['has lost an item', (lines: string[]) => lines.toSpliced(2, 1), 'its checksum is not that of its content'],
      [
        'was changed',
        (lines: string[]) => lines.map((line) => line.replace('"k":"v"', '"k":"w"')),
        'its checksum is not that of its content',
      ],
      ['is something else', () => ['{}'], 'it is no backup of webtask-kit'],
      ['is no JSON', (lines: string[]) => lines.with(1, '{'), 'it is damaged'],
    ] as const) {
      it(`is refused where it ${what}, before anything is written`, async () => {
        await fill();
        await make();
        await rewrite(change);
        expect(await refusalOf(bringBack())).to.deep.equal({
          code: 'BACKUP_UNREADABLE',
          message: `The backup ${file} cannot be read: ${reason}. Nothing was restored.`,
          fix: 'Use another copy of it.',
        });
        expect(await readdir(folder)).to.not.include('new');
      });
    }

    it('is refused where it is cut off, or missing', async () => {
      await fill();
      await make();
      await writeFile(file, (await readFile(file)).subarray(0, 300));
      expect((await refusalOf(bringBack())).message).to.include('unexpected end of file');
      await rm(file);
      expect((await refusalOf(bringBack())).message).to.include('ENOENT: no such file');
    });

    it('is refused where a newer program made it', async () => {
      await fill();
      await make();
      await rewrite((lines) => {
        const body = [lines[0]?.replace('"format":1', '"format":7') ?? '', ...lines.slice(1, -1)];
        const sha256 = createHash('sha256')
          .update(`${body.join('\n')}\n`)
          .digest('hex');
        return [...body, JSON.stringify({ end: body.length - 1, sha256 })];
      });
      expect(await refusalOf(bringBack())).to.deep.equal({
        code: 'BACKUP_NEWER',
        message: `The backup ${file} is of format 7, and this program knows those up to 1. Nothing was restored.`,
        fix: 'Use the version of webtask-kit that wrote it, or a later one.',
      });
    });

    it('is refused where another process serves the folder', async () => {
      await fill();
      await make();
      const server = await open('new');
      const { code, message } = await refusalOf(bringBack());
      expect([code, message.replace(/by .*/, 'by')]).to.deep.equal([
        'STORE_IN_USE',
        `The store in ${join(folder, 'new')} is in use by`,
      ]);
      await server.close();
    });

    it('and cut short opens nowhere, takes no other backup, and is completed by the same one', async () => {
      await fill();
      await make();
      const half = await openUnchecked(join(folder, 'new'), {});
      const { sha256 } = JSON.parse((await linesOf()).at(-1) ?? '') as { sha256: string };
      await writeFormat(half, { version: 1, restoring: '2026-01-02T00:00:00.000Z', backup: sha256 });
      await half.put({ partition: 'p', sort: '😀\u0000' }, null);
      await half.close();
      expect((await refusalOf(open('new'))).code).to.equal('STORE_RESTORE_UNFINISHED');
      const same = file;
      file = join(folder, 'empty.gz');
      await backUp({ dataFolder: join(folder, 'empty'), env: {}, file, withKeys: false, now: NOW });
      expect((await refusalOf(bringBack())).code).to.equal('STORE_NOT_EMPTY');
      file = same;
      expect((await bringBack()).items).to.equal(14);
      const store = await open('new');
      expect((await store.get({ partition: 'p', sort: '😀\u0000' }))?.value).to.equal(null);
      await store.close();
    });
  });
});

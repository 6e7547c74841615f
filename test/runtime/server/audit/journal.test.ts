import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createJournal } from '../../../../runtime/server/audit/index.ts';

describe('the journal of the audit record', () => {
  let folder: string;
  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), 'webtask-journal-')), 'audit');
  });
  afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

  const files = (): string[] => readdirSync(folder).sort();
  const lines = (): unknown[] =>
    files().flatMap((file) =>
      readFileSync(join(folder, file), 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    );

  it('has a record in its file when it says so, in the order of the calls', async () => {
    const journal = createJournal(folder);
    for (let i = 0; i < 3; i++) {
      await journal.append({ i });
      expect(lines().at(-1)).to.deep.equal({ i });
    }
    await Promise.all(Array.from({ length: 100 }, (_, i) => journal.append({ i: i + 3 })));
    expect(lines()).to.deep.equal(Array.from({ length: 103 }, (_, i) => ({ i })));
    await journal.close();
  });

  it('makes nothing before the first record, and then for this user alone', async () => {
    const journal = createJournal(folder);
    expect(existsSync(folder)).to.equal(false);
    await journal.append({});
    if (process.platform !== 'win32') {
      expect(statSync(folder).mode & 0o777).to.equal(0o700);
      expect(statSync(join(folder, files()[0] ?? '')).mode & 0o777).to.equal(0o600);
    }
    await journal.close();
  });

  it('never writes to the file of another process or of an earlier start', async () => {
    const time = () => Date.UTC(2026, 0, 2, 3, 4, 5);
    for (let i = 0; i < 2; i++) {
      const journal = createJournal(folder, undefined, () => time() + i);
      await journal.append({ i });
      await journal.close();
    }
    expect(files()).to.deep.equal([
      `2026-01-02T03-04-05.000Z-${process.pid}-0.jsonl`,
      `2026-01-02T03-04-05.001Z-${process.pid}-0.jsonl`,
    ]);
  });

  it('begins a file when one is full, and removes the oldest when all of them take too much room', async () => {
    let time = 0;
    const journal = createJournal(folder, { file: 100, all: 400 }, () => time++);
    for (let i = 0; i < 100; i++) await journal.append({ i, text: 'x'.repeat(30) });
    const kept = files().reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
    expect(kept).to.be.within(200, 500);
    expect(lines().at(-1)).to.deep.equal({ i: 99, text: 'x'.repeat(30) });
    await journal.close();
  });

  it('refuses what it cannot write, and goes on when it can', async () => {
    writeFileSync(folder, 'a file in the place of the folder');
    const journal = createJournal(folder);
    expect(await journal.append({}).catch((it: NodeJS.ErrnoException) => it.code)).to.equal('EEXIST');
    rmSync(folder);
    await journal.append({ i: 1 });
    expect(lines()).to.deep.equal([{ i: 1 }]);
    await journal.close();
  });
});

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { showFolder } from '../../../runtime/worker/show-folder.ts';
import { refusalIn } from '../../support/refusal.ts';

describe('a folder that webtasks of others are shown', () => {
  let folder = '';
  let socket: Server;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'webtask-shown-'));
    for (const it of ['lib', 'data', 'own/data', '.webtask']) mkdirSync(join(folder, it), { recursive: true });
    for (const it of ['a.js', '.env', '.env.local', '.environment']) writeFileSync(join(folder, it), '');
    symlinkSync('../elsewhere', join(folder, 'link'));
    socket = createServer().listen(join(folder, 'docker.sock'));
  });
  after(() => {
    socket.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const shown = (...hidden: string[]): unknown => {
    const { args, inMemory } = showFolder({ folder, hidden: hidden.map((it) => join(folder, it)) });
    return [args, inMemory].map((all) => all.map((it) => it.replace(folder, '.')).join(' '));
  };
  const ALL = ['.environment', 'a.js', 'data', 'lib', 'own'];
  const bound = (names: readonly string[]): string => names.map((it) => `--ro-bind-try ./${it} ./${it}`).join(' ');

  it('is what is in it, without its secrets and sockets; links stay links, which may lead to what is not there', () => {
    const [args] = shown() as [string];
    expect(args.split(/ (?=--)/).sort()).to.deep.equal(
      ['--tmpfs .', '--symlink ../elsewhere ./link', ...bound(ALL).split(/ (?=--)/)].sort(),
    );
  });

  it('is without what the server keeps in it, at whatever depth', () => {
    const [args, inMemory] = shown('data', 'own/data') as [string, string];
    expect(args).not.to.contain('./data');
    expect(args).to.match(/--ro-bind-try \.\/own \.\/own .*--tmpfs \.\/own\/data$/);
    expect(inMemory).to.equal('. ./own/data');
  });

  it('is refused where there is more in it than can be shown', () => {
    const large = join(folder, 'lib');
    for (let i = 0; i <= 2000; i += 1) writeFileSync(join(large, `${i}.js`), '');
    expect(refusalIn(() => showFolder({ folder: large, hidden: [] }))).to.deep.equal({
      code: 'SANDBOX_UNAVAILABLE',
      message: `Webtasks cannot be shut in here: ${large} has more than 2000 files and folders, which are shown one by one.`,
      fix: 'Put them into a folder in it.',
    });
  });

  it('is empty where it is the data folder of the server itself, or gone', () => {
    expect(showFolder({ folder, hidden: [folder] })).to.deep.equal({ args: ['--tmpfs', folder], inMemory: [folder] });
    const gone = join(folder, 'gone');
    expect(showFolder({ folder: gone, hidden: [] })).to.deep.equal({ args: ['--tmpfs', gone], inMemory: [gone] });
  });
});

import { createHash } from 'node:crypto';
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { keepTransformed } from '../../../runtime/compile/index.ts';

const CODE = 'const it: number = 1;';
const OPTIONS = { loader: 'ts', target: 'node20' } as const;
const MADE = 'const it = 1;\n';

/** Modes and links are not what they are elsewhere. */
const itOnUnix = process.platform === 'win32' ? it.skip : it;

describe('what esbuild made, kept in a folder', () => {
  let folder: string;
  let kept: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wt-'));
    kept = join(folder, 'a', 'kept');
  });

  afterEach(() => rm(folder, { recursive: true }));

  const transform = async (code = CODE, options: object = OPTIONS) => (await keepTransformed(kept)(code, options)).code;

  /** Puts something else in place of the one file that is kept, to see who reads it. */
  async function replaceKept(code: string, hashed = code): Promise<void> {
    const [name = ''] = await readdir(kept);
    const hash = createHash('sha256').update(hashed).digest('hex');
    await writeFile(join(kept, name), `${hash}\n${code}`);
  }

  it('is given again for the same code, without esbuild', async () => {
    expect(await transform()).to.equal(MADE);
    await replaceKept('kept');
    expect(await transform()).to.equal('kept');
  });

  it('is made anew for other code, and for other options', async () => {
    await transform();
    await replaceKept('kept');
    expect(await transform('const it: number = 2;')).to.equal('const it = 2;\n');
    expect(await transform(CODE, { ...OPTIONS, minifyWhitespace: true })).to.equal('const it=1;\n');
    expect(await readdir(kept)).to.have.length(3);
  });

  it('is made anew where what is kept is damaged, as after a power cut', async () => {
    await transform();
    await replaceKept('half', 'half of it');
    expect(await transform()).to.equal(MADE);
    const [name = ''] = await readdir(kept);
    await truncate(join(kept, name));
    expect(await transform()).to.equal(MADE);
    expect(await readFile(join(kept, name), 'utf8')).to.include(MADE);
  });

  it('is no mistake: what esbuild refuses is refused each time', async () => {
    for (let i = 0; i < 2; i++) {
      const error = await transform('const =').catch((it: unknown) => it);
      expect(error).to.have.property('errors').that.has.length(1);
    }
    expect(await readdir(folder)).to.deep.equal([]);
  });

  itOnUnix('is for this user alone: folder 0700, files 0600', async () => {
    await transform();
    const [name = ''] = await readdir(kept);
    const modes = await Promise.all([kept, join(kept, name)].map(async (it) => (await stat(it)).mode & 0o777));
    expect(modes).to.deep.equal([0o700, 0o600]);
  });

  itOnUnix('is neither read from nor written to a folder that others can write to, since it is run', async () => {
    await transform();
    await replaceKept('planted');
    await chmod(kept, 0o777);
    expect(await transform()).to.equal(MADE);
    expect(await transform('const it: number = 2;')).to.equal('const it = 2;\n');
    expect(await readdir(kept)).to.have.length(1);
  });

  itOnUnix('is not read from a file that others can write to, wherever it came from', async () => {
    await transform();
    await replaceKept('planted');
    const [name = ''] = await readdir(kept);
    await chmod(join(kept, name), 0o666);
    expect(await transform()).to.equal(MADE);
  });

  itOnUnix('is not read through a link, which may be to a folder of somebody else', async () => {
    await transform();
    await replaceKept('planted');
    const linked = join(folder, 'linked');
    await symlink(kept, linked);
    expect((await keepTransformed(linked)(CODE, OPTIONS)).code).to.equal(MADE);
  });

  it('is made all the same where nothing can be kept', async () => {
    await mkdir(join(folder, 'a'));
    await writeFile(kept, '');
    expect(await transform()).to.equal(MADE);
  });

  it('is dropped where much is kept, the oldest first', async () => {
    await mkdir(kept, { recursive: true, mode: 0o700 });
    for (let n = 0; n < 200; n++) {
      await writeFile(join(kept, String(n)), '');
      await utimes(join(kept, String(n)), n, n);
    }
    await transform();
    const left = await readdir(kept);
    expect(left).to.have.length(100);
    expect(left.filter((it) => Number(it) < 101)).to.deep.equal([]);
  });
});

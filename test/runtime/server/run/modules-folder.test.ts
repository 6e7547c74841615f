import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { hiddenFolders } from '../../../../runtime/server/run/modules-folder.ts';

describe('the data folder of a server, for webtasks that are shut in', () => {
  let base = '';
  before(() => {
    base = realpathSync(mkdtempSync(join(tmpdir(), 'webtask-hidden-')));
    for (const it of ['project/data', 'project/..data', 'project-data']) mkdirSync(join(base, it), { recursive: true });
    symlinkSync(join(base, 'project'), join(base, 'link'));
  });
  after(() => rmSync(base, { recursive: true, force: true }));

  for (const [what, folder, data, hidden] of [
    ['is hidden where it is in the folder that they see', 'project', 'project/data', ['project/data']],
    ['is hidden whatever name leads there', 'link', 'project/data', ['link/data']],
    ['is hidden also where its name looks like the way out', 'project', 'project/..data', ['project/..data']],
    ['is hidden with all that is in it where it is that folder itself', 'project', 'project', ['project']],
    ['is not where they see anything of it where it is beside that folder', 'project', 'project-data', []],
    ['is not where they see anything of it where that folder is in it', 'project/data', 'project', []],
  ] as const) {
    it(what, () => {
      expect(hiddenFolders(join(base, data), join(base, folder))).to.deep.equal(hidden.map((it) => join(base, it)));
    });
  }
});

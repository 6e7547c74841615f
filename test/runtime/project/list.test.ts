import { join } from 'node:path';
import { expect } from 'chai';
import { listWebtasks } from '../../../runtime/project/index.ts';
import { createProject, type TestProject } from '../../support/project.ts';

describe('the webtasks of a folder', () => {
  let project: TestProject;
  before(() => {
    const files = [
      ...['pay.js', 'b.cjs', 'c.mjs', 'd.ts', 'e.cts', 'f.mts', 'a.b.js', 'test.js'],
      ...[
        'pay.test.js',
        'pay.spec.ts',
        'x.d.ts',
        'x.d.mts',
        'tsconfig.json',
        'README.md',
        '.eslintrc.js',
        'y.jsx',
        'js',
      ],
      'examples/hello.js',
      'folder.js/index.js',
    ];
    project = createProject(Object.fromEntries(files.map((file) => [`webtasks/${file}`, ''])));
  });
  after(() => project.remove());

  it('are its JavaScript and TypeScript files in order, without tests, types, hidden files and sub-folders', () => {
    const folder = join(project.folder, 'webtasks');
    expect(listWebtasks(folder)).to.deep.equal(
      ['a.b.js', 'b.cjs', 'c.mjs', 'd.ts', 'e.cts', 'f.mts', 'pay.js', 'test.js'].map((file) => join(folder, file)),
    );
  });

  it('are none where there is no such folder', () => {
    expect(listWebtasks(join(project.folder, 'missing'))).to.deep.equal([]);
  });
});

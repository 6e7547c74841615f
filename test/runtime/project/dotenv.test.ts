import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { readDotenv } from '../../../runtime/project/index.ts';
import { createProject, type TestProject } from '../../support/project.ts';
import { refusalOf } from '../../support/refusal.ts';

describe('the .env file', () => {
  let project: TestProject;
  beforeEach(() => {
    project = createProject({});
  });
  afterEach(() => project.remove());

  it('is read as dotenv reads it: comments, quotes, several lines, and = in values', () => {
    project.write(
      '.env',
      '# mine\nTABLE=revoked\nexport A = "b c"\nPEM="one\ntwo"\nURL=http://x/?a=b # the API\nEMPTY=\n',
    );
    expect(readDotenv(project.folder)).to.deep.equal({
      TABLE: 'revoked',
      A: 'b c',
      PEM: 'one\ntwo',
      URL: 'http://x/?a=b',
      EMPTY: '',
    });
  });

  it('may be missing, since CI has none', () => {
    expect(readDotenv(project.folder)).to.deep.equal({});
  });

  it('does not touch the environment', () => {
    project.write('.env', 'NEVER_SET=1');
    readDotenv(project.folder);
    expect(process.env).not.to.have.property('NEVER_SET');
  });

  it('is refused by name where it is there and cannot be read', async () => {
    const file = join(project.folder, '.env');
    mkdirSync(file);
    expect(await refusalOf((async () => readDotenv(project.folder))())).to.deep.equal({
      code: 'PROJECT_INVALID',
      message: `${file} cannot be used: EISDIR: illegal operation on a directory, read.`,
      fix: undefined,
    });
  });
});

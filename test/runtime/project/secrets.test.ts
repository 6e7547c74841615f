import { expect } from 'chai';
import { findSecrets } from '../../../runtime/project/index.ts';
import { createProject, type TestProject } from '../../support/project.ts';
import { refusalOf } from '../../support/refusal.ts';

describe('the secrets of a webtask', () => {
  let project: TestProject;
  beforeEach(() => {
    project = createProject({ '.env': 'TABLE=revoked\nREGION=eu\nWEBTASK_PORT=1\n' });
  });
  afterEach(() => project.remove());

  it('are all names of .env where no names are given, and no variable that .env does not name', () => {
    expect(findSecrets(project.folder, undefined, { PATH: '/bin', HOME: '/root' })).to.deep.equal({
      secrets: { TABLE: 'revoked', REGION: 'eu' },
      sources: { TABLE: '.env', REGION: '.env' },
    });
  });

  it('are the given names only, from the environment or .env', () => {
    expect(findSecrets(project.folder, ['TABLE', 'TOKEN'], { TOKEN: 't', REGION: 'x' })).to.deep.equal({
      secrets: { TABLE: 'revoked', TOKEN: 't' },
      sources: { TABLE: '.env', TOKEN: 'environment' },
    });
  });

  it('are those of the environment where both have them, the empty ones too', () => {
    expect(findSecrets(project.folder, undefined, { TABLE: 'other', REGION: '' })).to.deep.equal({
      secrets: { TABLE: 'other', REGION: '' },
      sources: { TABLE: 'environment', REGION: 'environment' },
    });
  });

  it('come from the environment alone where there is no .env, as in CI', () => {
    const ci = createProject({});
    expect(findSecrets(ci.folder, ['TABLE'], { TABLE: 'ci' }).secrets).to.deep.equal({ TABLE: 'ci' });
    expect(findSecrets(ci.folder, undefined, { TABLE: 'ci' }).secrets).to.deep.equal({});
    ci.remove();
  });

  it('never have a name that begins with WEBTASK_, not even one that is asked for', async () => {
    expect(await refusalOf(finding(['WEBTASK_PORT']))).to.deep.equal({
      code: 'SECRET_RESERVED',
      message: 'The name WEBTASK_PORT is reserved: what begins with WEBTASK_ never becomes a secret.',
      fix: 'Give the secret another name.',
    });
  });

  it('are refused by name, with the line to add, where one is missing', async () => {
    expect(await refusalOf(finding(['TABLE', 'API_KEY']))).to.deep.equal({
      code: 'SECRET_MISSING',
      message: 'The secret API_KEY is neither in the environment nor in .env.',
      fix: 'Add this line to .env: API_KEY=…',
    });
  });

  async function finding(names: readonly string[]): Promise<unknown> {
    return findSecrets(project.folder, names, {});
  }
});

import { join } from 'node:path';
import { expect } from 'chai';
import { webtaskName, webtaskSettings } from '../../../runtime/project/index.ts';
import { createProject, type TestProject } from '../../support/project.ts';
import { refusalOf } from '../../support/refusal.ts';

const DECLARED = { secrets: ['TABLE'], params: { a: 1 }, meta: { b: 'c' }, parseBody: false, mergeBody: false };

describe('the settings of a webtask', () => {
  let project: TestProject;
  let pay: string;
  beforeEach(() => {
    project = createProject({
      'package.json': JSON.stringify({ webtasks: { pay: DECLARED } }),
      '.env': 'TABLE=revoked\nREGION=eu\n',
    });
    pay = join(project.folder, 'webtasks/pay.ts');
  });
  afterEach(() => project.remove());

  it('are all of .env and the defaults of wt create where package.json says nothing of it', () => {
    for (const name of ['hello.js', 'constructor.js']) {
      expect(webtaskSettings(join(project.folder, 'webtasks', name), {}, {})).to.deep.equal({
        secrets: { TABLE: 'revoked', REGION: 'eu' },
        sources: { TABLE: '.env', REGION: '.env' },
        params: {},
        meta: {},
        parseBody: 2,
        mergeBody: true,
      });
    }
  });

  it('are what package.json says under the name of its file', () => {
    expect(webtaskSettings(pay, {}, {})).to.deep.equal({
      secrets: { TABLE: 'revoked' },
      sources: { TABLE: '.env' },
      params: { a: 1 },
      meta: { b: 'c' },
      parseBody: 0,
      mergeBody: false,
    });
  });

  it('are what the caller says before all else', () => {
    const said = { secrets: ['REGION'], params: {}, meta: {}, parseBody: true, mergeBody: true };
    expect(webtaskSettings(pay, said, { REGION: 'env' })).to.deep.equal({
      secrets: { REGION: 'env' },
      sources: { REGION: 'environment' },
      params: {},
      meta: {},
      parseBody: 1,
      mergeBody: true,
    });
  });

  it('take values as they are, and then neither .env nor the environment', () => {
    const { secrets, sources } = webtaskSettings(pay, { secrets: { TABLE: 'mine' } }, { TABLE: 'env', REGION: 'env' });
    expect({ secrets, sources }).to.deep.equal({ secrets: { TABLE: 'mine' }, sources: {} });
    expect(webtaskSettings(pay, { secrets: {} }, {}).secrets).to.deep.equal({});
  });

  for (const [what, secrets] of [
    ['a name', ['WEBTASK_KEY']],
    ['a value', { WEBTASK_KEY: 'k' }],
  ] as const) {
    it(`refuse ${what} that begins with WEBTASK_`, async () => {
      const settings = (async () => webtaskSettings(pay, { secrets }, { WEBTASK_KEY: 'k' }))();
      expect(await refusalOf(settings)).to.deep.equal({
        code: 'SECRET_RESERVED',
        message: 'The name WEBTASK_KEY is reserved: what begins with WEBTASK_ never becomes a secret.',
        fix: 'Give the secret another name.',
      });
    });
  }
});

describe('the name of a webtask', () => {
  it('is that of its file without the ending', () => {
    expect(['/a/pay.ts', '/a/pay.v2.js', '/a/pay'].map(webtaskName)).to.deep.equal(['pay', 'pay.v2', 'pay']);
  });
});

import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { readProject } from '../../../runtime/project/index.ts';
import { createProject, type TestProject } from '../../support/project.ts';
import { refusalOf } from '../../support/refusal.ts';

describe('the project of a folder', () => {
  let project: TestProject;
  let file: string;
  beforeEach(() => {
    project = createProject({});
    file = join(project.folder, 'package.json');
  });
  afterEach(() => project.remove());

  it('is the nearest one upward that has a package.json', () => {
    const inner = join(project.folder, 'webtasks/deep');
    mkdirSync(inner, { recursive: true });
    expect(readProject(inner)).to.deep.equal({ folder: project.folder, webtasks: {} });
    project.write('webtasks/package.json', '{"webtasks":{"pay":{}}}');
    expect(readProject(inner)).to.deep.equal({ folder: join(project.folder, 'webtasks'), webtasks: { pay: {} } });
  });

  it('is just that folder where there is none up to the root', () => {
    rmSync(file);
    expect(readProject(project.folder)).to.deep.equal({ folder: project.folder, webtasks: {} });
  });

  it('declares what each webtask is run with', () => {
    const webtasks = {
      pay: {
        secrets: ['STRIPE_KEY'],
        params: { currency: 'EUR', limit: { daily: 3 } },
        meta: { 'wt-language': 'typescript' },
        parseBody: true,
        mergeBody: false,
      },
      hello: {},
    };
    project.write('package.json', JSON.stringify({ webtasks }));
    expect(readProject(project.folder).webtasks).to.deep.equal(webtasks);
  });

  for (const [what, webtasks, reason] of [
    ['a list', '[]', '"webtasks" is not an object'],
    ['null', 'null', '"webtasks" is not an object'],
    ['a webtask that is a text', '{"pay":"x"}', '"webtasks.pay" is not an object'],
    [
      'a member with a typo',
      '{"pay":{"secret":[]}}',
      '"webtasks.pay" has the unknown member "secret"; known are secrets, params, meta, parseBody, mergeBody',
    ],
    [
      'a member that every object has',
      '{"pay":{"constructor":1}}',
      '"webtasks.pay" has the unknown member "constructor"; known are secrets, params, meta, parseBody, mergeBody',
    ],
    ['secrets with values, which do not belong here', '{"pay":{"secrets":{"A":"b"}}}', secretsReason()],
    ['a secret that is no name', '{"pay":{"secrets":["A",1]}}', secretsReason()],
    ['params that are a list', '{"pay":{"params":[]}}', '"webtasks.pay.params" is not an object'],
    ['meta with a number', '{"pay":{"meta":{"a":1}}}', '"webtasks.pay.meta" is not an object of texts'],
    ['parseBody 1', '{"pay":{"parseBody":1}}', '"webtasks.pay.parseBody" is not true or false'],
    ['mergeBody as a text', '{"pay":{"mergeBody":"true"}}', '"webtasks.pay.mergeBody" is not true or false'],
  ] as const) {
    it(`is refused with the place in package.json for ${what}`, async () => {
      project.write('package.json', `{"webtasks":${webtasks}}`);
      expect(await refusalOf(reading())).to.deep.equal({
        code: 'PROJECT_INVALID',
        message: `${file} cannot be used: ${reason}.`,
        fix: undefined,
      });
    });
  }

  it('is refused where package.json is not JSON', async () => {
    project.write('package.json', '{"webtasks":');
    const { code, message } = await refusalOf(reading());
    expect(code).to.equal('PROJECT_INVALID');
    expect(message).to.equal(`${file} cannot be used: Unexpected end of JSON input.`);
  });

  it('has no webtasks where package.json is JSON of another kind', () => {
    project.write('package.json', '[]');
    expect(readProject(project.folder).webtasks).to.deep.equal({});
  });

  async function reading(): Promise<unknown> {
    return readProject(project.folder);
  }
});

function secretsReason(): string {
  return '"webtasks.pay.secrets" is not a list of names';
}

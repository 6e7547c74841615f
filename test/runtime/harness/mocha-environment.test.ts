import { expect } from 'chai';
import type { ProgramResult } from '../../support/program.ts';
import { createProject, type TestProject } from '../../support/project.ts';

const SHOWS_SECRETS = {
  'webtasks/show.js': 'module.exports = (context, callback) => callback(null, context.secrets);',
  'test/show.test.ts': `
import { webtask } from 'webtask-kit/harness';
it('shows', async () => { console.log((await (await webtask('webtasks/show.js')).get()).body); });
`,
};

const USES_DYNAMODB = `
import { useDynamoDB } from 'webtask-kit/mocha';
describe('a table', () => {
  const dynamodb = useDynamoDB({ revoked: 'jti' });
  it('has secrets', () => { console.log(JSON.stringify(dynamodb)); });
});
`;

const DESCRIPTION = {
  ACCESS_KEY_ID: 'AKIA',
  SECRET_ACCESS_KEY: 's3cret',
  REGION: 'eu-west-1',
  TABLE: 'revoked-tokens',
};
const dotenv = (values: Readonly<Record<string, string>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');

describe('under mocha, secrets', function () {
  this.timeout(20_000);
  let project: TestProject;
  afterEach(() => project.remove());

  const linesOf = ({ stdout }: ProgramResult): string[] => stdout.split('\n').map((line) => line.trim());

  it('come from the environment alone where there is no .env, as in CI', async () => {
    const webtasks = { show: { secrets: ['TABLE'] } };
    project = createProject({ ...SHOWS_SECRETS, 'package.json': JSON.stringify({ type: 'module', webtasks }) });
    const ci = await project.mocha([], { TABLE: 'of-ci', WEBTASK_PORT: '1' });
    expect(ci.status).to.equal(0);
    expect(linesOf(ci)).to.include('{"TABLE":"of-ci"}');

    const missing = await project.mocha();
    expect(missing.status).to.equal(1);
    expect(missing.stdout).to.match(
      /The secret TABLE is neither in the environment nor in \.env\.\n\s*Add this line to \.env: TABLE=… \[SECRET_MISSING\]\n/,
    );
  });

  it('are the names of .env, and never a setting of the kit', async () => {
    project = createProject({ ...SHOWS_SECRETS, '.env': 'WEBTASK_SIGNING_KEY=x\nTABLE=mine\n' });
    expect(linesOf(await project.mocha())).to.include('{"TABLE":"mine"}');
  });

  it('of an embedded DynamoDB are stand-ins', async () => {
    project = createProject({ 'test/table.test.ts': USES_DYNAMODB, '.env': dotenv(DESCRIPTION) });
    const { status, stdout, stderr } = await project.mocha();
    const endpoint = /DynamoDB: an embedded one at (http:\/\/127\.0\.0\.1:\d+), gone after these tests\n/.exec(
      stdout,
    )?.[1];
    const secrets = {
      ...{ ACCESS_KEY_ID: 'local', SECRET_ACCESS_KEY: 'local-stand-in', REGION: 'local' },
      ...{ TABLE: 'revoked', ENDPOINT: endpoint },
    };
    expect(stdout).to.include(`\n${JSON.stringify({ secrets, endpoint })}\n`);
    expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' });
  });

  for (const [what, files, env, source] of [
    ['asked for in the environment', { '.env': dotenv(DESCRIPTION) }, { WEBTASK_TEST_DYNAMODB: 'env' }, '.env'],
    ['asked for in .env', { '.env': dotenv({ ...DESCRIPTION, WEBTASK_TEST_DYNAMODB: 'env' }) }, {}, '.env'],
    ['described in the environment', {}, { ...DESCRIPTION, WEBTASK_TEST_DYNAMODB: 'env' }, 'the environment'],
  ] as const) {
    it(`of the real DynamoDB are those of .env, where it is ${what}, and one line says so`, async () => {
      project = createProject({ 'test/table.test.ts': USES_DYNAMODB, ...files });
      const { status, stdout } = await project.mocha([], env);
      expect(stdout).to.include(`    DynamoDB: the real table revoked-tokens in eu-west-1, as ${source} says\n`);
      expect(stdout).to.include(`\n${JSON.stringify({ secrets: DESCRIPTION })}\n`);
      expect(status).to.equal(0);
    });
  }

  it('of the real DynamoDB that are missing fail by name, with the line to add', async () => {
    const { TABLE, ...rest } = DESCRIPTION;
    project = createProject({ 'test/table.test.ts': USES_DYNAMODB, '.env': dotenv(rest) });
    const { status, stdout } = await project.mocha([], { WEBTASK_TEST_DYNAMODB: 'env' });
    expect(status).to.equal(1);
    expect(stdout).to.match(
      /"before all" hook for "has secrets":\s+WebtaskError: The secret TABLE is neither in the environment nor in \.env\.\n\s*Add this line to \.env: TABLE=… \[SECRET_MISSING\]\n/,
    );
    expect(stdout).not.to.include('s3cret');
  });
});

import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { type Block, readBlocks } from '../support/page.ts';
import { createProject, type TestProject } from '../support/project.ts';

/** Webtasks as the pages have them in mind. */
const PAY = `export default (context, callback) => {
  console.log('paid ' + context.body.amount);
  callback(null, { paid: context.body.amount });
};`;

const textOf = (blocks: readonly Block[], language: string): string =>
  blocks.find((block) => block.language === language)?.text ?? `no block of ${language}`;

describe('the examples of the pages', function () {
  this.timeout(60_000);
  let project: TestProject;
  beforeEach(() => {
    project = createProject({ '.env': 'API_KEY=sk_live_1\n', 'webtasks/pay.ts': PAY });
  });
  afterEach(() => project.remove());

  /** Runs one test of the project's. */
  async function passes(code: string, imports = ''): Promise<void> {
    const test = `import { expect } from 'chai';\nimport { webtask } from 'webtask-kit/harness';\n${imports}\n${code}`;
    project.write('test/page.test.mts', test);
    const { status, stdout, stderr } = await project.mocha();
    expect({ status, stderr }, stdout).to.deep.equal({ status: 0, stderr: '' });
    expect(stdout).to.match(/\b1 passing/);
  }

  it('docs/testing.md: the settings of mocha are those of a project that webtask new writes', async () => {
    const written = await readFile(new URL('../../templates/project/_mocharc.json', import.meta.url), 'utf8');
    expect(JSON.parse(textOf(await readBlocks('docs/testing.md', 0), 'json'))).to.deep.equal(JSON.parse(written));
  });

  it('docs/testing.md: a test of a webtask passes', async () => {
    await passes(`it('pays', async () => {${textOf(await readBlocks('docs/testing.md', 0), 'ts')}});`);
  });

  it('docs/testing.md: a describe has a DynamoDB', async () => {
    const [, dynamodb] = (await readBlocks('docs/testing.md', 0)).filter(({ language }) => language === 'ts');
    await passes(
      `${dynamodb?.text} it('is there', () => { expect(dynamodb.secrets).to.have.keys('ACCESS_KEY_ID', 'SECRET_ACCESS_KEY', 'REGION', 'TABLE', 'ENDPOINT'); }); });`,
      "import { useDynamoDB } from 'webtask-kit/mocha';",
    );
  });

  it('docs/webtasks.md: storage counts, under what package.json says', async () => {
    const blocks = await readBlocks('docs/webtasks.md', 0);
    project.write('webtasks/count.js', textOf(blocks, 'js'));
    project.write('package.json', textOf(blocks, 'json'));
    await passes(`it('counts', async () => {
      const task = await webtask('webtasks/count.js');
      await task.get();
      expect(await task.get()).to.have.json({ count: 2 });
    });`);
  });
});

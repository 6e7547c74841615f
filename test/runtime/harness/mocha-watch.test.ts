import { once } from 'node:events';
import { expect } from 'chai';
import { waitForLine } from '../../support/program.ts';
import { createProject, type TestProject } from '../../support/project.ts';

const webtask = (answer: number): string =>
  `export default (callback: (error: null, result: number) => void): void => callback(null, ${answer});\n`;
const helper = (text: string): string => `export const text: string = '${text}';\n`;
const test = (title: string): string => `
import { webtask } from 'webtask-kit/harness';
import { text } from './helper.ts';

it('${title}', async () => {
  const { json } = await (await webtask('webtasks/hello.ts')).get();
  console.log('the answer is', json, text, import.meta.url.slice(-13));
});
`;

for (const type of ['module', 'commonjs']) {
  describe(`mocha --watch in a project of type ${type}`, function () {
    this.timeout(30_000);
    let project: TestProject;
    let mocha: ReturnType<TestProject['startMocha']>;
    before(() => {
      project = createProject({
        'package.json': JSON.stringify({ type }),
        'webtasks/hello.ts': webtask(1),
        'test/helper.ts': helper('at first'),
        'test/hello.test.ts': test('tests'),
      });
      mocha = project.startMocha(['--watch', '--extension', 'js,ts']);
    });
    after(async () => {
      mocha.kill('SIGINT');
      await once(mocha, 'close');
      project.remove();
    });

    /** The lines of the next run, from its first answer to where mocha waits. */
    const nextRun = async (): Promise<string> => {
      const [run] = await waitForLine(mocha, /the answer.*?(?=\n+ *\d+ passing.*waiting for changes)/s);
      return run.replace(/ \(\d+ms\)/, '');
    };

    it('runs TypeScript tests, and runs them again with what was saved: the webtask, a helper, the test', async () => {
      expect(await nextRun()).to.equal('the answer is 1 at first hello.test.ts\n  ✔ tests');
      for (const [file, text, shown] of [
        ['webtasks/hello.ts', webtask(2), 'the answer is 2 at first hello.test.ts\n  ✔ tests'],
        ['test/helper.ts', helper('changed'), 'the answer is 2 changed hello.test.ts\n  ✔ tests'],
        ['test/hello.test.ts', test('tests more'), 'the answer is 2 changed hello.test.ts\n  ✔ tests more'],
      ] as const) {
        const run = nextRun();
        project.write(file, text);
        expect(await run).to.equal(shown);
      }
    });
  });
}

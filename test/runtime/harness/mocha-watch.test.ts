import { once } from 'node:events';
import { expect } from 'chai';
import { waitForLine } from '../../support/program.ts';
import { createProject, type TestProject } from '../../support/project.ts';

const webtask = (answer: number): string =>
  `export default (callback: (error: null, result: number) => void): void => callback(null, ${answer});\n`;
const helper = (text: string, ending: string): string =>
  `export const text${ending.endsWith('ts') ? ': string' : ''} = '${text}';\n`;
const test = (title: string, ending: string): string => `
import { webtask } from 'webtask-kit/harness';
import { text } from './helper.${ending}';

it('${title}', async () => {
  const { json } = await (await webtask('webtasks/hello.ts')).get();
  console.log('the answer is', json, text, import.meta.url.split('/').pop());
});
`;

// Those of scaffolded projects first.
for (const [type, ending] of [
  ['commonjs', 'mts'],
  ['commonjs', 'mjs'],
  ['commonjs', 'ts'],
  ['module', 'ts'],
  ['module', 'js'],
] as const) {
  describe(`mocha --watch in a project of type ${type} with tests in .${ending}`, function () {
    this.timeout(30_000);
    let project: TestProject;
    let mocha: ReturnType<TestProject['startMocha']>;
    before(() => {
      project = createProject({
        'package.json': JSON.stringify({ type }),
        'webtasks/hello.ts': webtask(1),
        [`test/helper.${ending}`]: helper('at first', ending),
        [`test/hello.test.${ending}`]: test('tests', ending),
      });
      mocha = project.startMocha(['--watch', '--extension', 'js,mjs,ts,mts']);
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

    it('runs the tests, and runs them again with what was saved: the webtask, a helper, the test', async () => {
      const name = `hello.test.${ending}`;
      expect(await nextRun()).to.equal(`the answer is 1 at first ${name}\n  ✔ tests`);
      for (const [file, text, shown] of [
        ['webtasks/hello.ts', webtask(2), `the answer is 2 at first ${name}\n  ✔ tests`],
        [`test/helper.${ending}`, helper('changed', ending), `the answer is 2 changed ${name}\n  ✔ tests`],
        [`test/${name}`, test('tests more', ending), `the answer is 2 changed ${name}\n  ✔ tests more`],
      ] as const) {
        const run = nextRun();
        project.write(file, text);
        expect(await run).to.equal(shown);
      }
    });
  });
}

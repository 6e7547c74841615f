import { spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { settingsAsDotenv } from '../../cli/dotenv-settings.ts';
import { FROM_SOURCE, type ProgramResult, runProgram } from '../support/program.ts';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const KIT = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8'));

const PROJECT = [
  '.env.example',
  '.github/workflows/webtasks.yml',
  '.gitignore',
  '.mocharc.json',
  '.vscode/launch.json',
  'README.md',
  'package.json',
  'test/hello.test.mjs',
  'tsconfig.json',
  'webtasks/hello.js',
  'webtasks/tsconfig.json',
];

describe('webtask new', () => {
  let folder: string;
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'webtask-kit-new-')));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const create = (args: readonly string[], cwd = folder) => runProgram('webtask', ['new', ...args], { cwd });
  const read = (file: string) => readFileSync(join(folder, file), 'utf8');
  const wrote = (files: readonly string[], next: string): ProgramResult => ({
    status: 0,
    stdout: `${files.map((file) => `wrote ${file}\n`).join('')}next: ${next}\n`,
    stderr: '',
  });
  const refused = (message: string): ProgramResult => ({ status: 2, stdout: '', stderr: `webtask new: ${message}\n` });

  /** Stands in for `npm install`: the project has the kit and what its package.json asks for. */
  function install(project: string): void {
    mkdirSync(join(project, 'node_modules'));
    symlinkSync(REPOSITORY, join(project, 'node_modules/webtask-kit'), 'junction');
    for (const name of ['@types', 'chai', 'mocha', 'typescript']) {
      symlinkSync(join(REPOSITORY, 'node_modules', name), join(project, 'node_modules', name), 'junction');
    }
  }

  /** Runs a program of the project's with the kit's sources. */
  function runNode(args: readonly string[]): ProgramResult {
    const env = {
      PATH: process.env.PATH,
      // From source the kit has to be imported before it can be required.
      NODE_OPTIONS: [...FROM_SOURCE, '--import', `${REPOSITORY}runtime/harness/mocha.ts`].join(' '),
      // mocha is linked to, and so would look for webtask-kit beside the real one.
      NODE_PATH: join(folder, 'node_modules'),
    };
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, env, encoding: 'utf8' });
    return { status, stdout, stderr };
  }

  describe('project', () => {
    it('writes what testing and minting take, and says the next step', async () => {
      expect(await create(['project', 'my-tasks'])).to.deep.equal(
        wrote(
          PROJECT.map((file) => `my-tasks/${file}`),
          'cd my-tasks && npm install && npm test',
        ),
      );
      expect(filesOf(join(folder, 'my-tasks'))).to.deep.equal(PROJECT);
    });

    it('takes the working directory too, and writes TypeScript on request', async () => {
      const files = PROJECT.map((file) => file.replace('.test.mjs', '.test.mts').replace('hello.js', 'hello.ts'));
      expect(await create(['project', '.', '--ts'])).to.deep.equal(wrote(files, 'npm install && npm test'));
    });

    it('names the package after the folder, as npm allows, and quotes the folder in the next step', async () => {
      const { stdout } = await create(['project', 'Meine Webtasks!']);
      expect(stdout).to.match(/\nnext: cd "Meine Webtasks!" && npm install && npm test\n$/);
      expect(JSON.parse(read('Meine Webtasks!/package.json')).name).to.equal('meine-webtasks');
    });

    it('writes nothing when a file of it exists, and names each, also a link that leads nowhere', async () => {
      mkdirSync(join(folder, 'webtasks'));
      writeFileSync(join(folder, 'webtasks/hello.js'), 'mine');
      symlinkSync(join(folder, 'nowhere'), join(folder, 'README.md'));
      expect(await create(['project', '.'])).to.deep.equal(
        refused(
          'Nothing was written, since these files exist: README.md, webtasks/hello.js. Choose another name, or move them away. [NEW_FILES_EXIST]',
        ),
      );
      expect(filesOf(folder)).to.deep.equal(['README.md', 'webtasks/hello.js']);
      expect(read('webtasks/hello.js')).to.equal('mine');
      expect(lstatSync(join(folder, 'README.md')).isSymbolicLink()).to.equal(true);
      expect(existsSync(join(folder, 'nowhere'))).to.equal(false);
    });

    it('says why a folder cannot be written', async () => {
      writeFileSync(join(folder, 'taken'), '');
      expect(await create(['project', 'taken'])).to.deep.equal(
        refused(
          'The file taken/README.md cannot be written: ENOTDIR: not a directory. Choose a folder that you may write to. [NEW_NOT_WRITTEN]',
        ),
      );
    });
  });

  describe('a project that was written', () => {
    let written: string;
    before(async () => {
      written = realpathSync(mkdtempSync(join(tmpdir(), 'webtask-kit-new-')));
      await create(['project', '.'], written);
    });
    after(() => rmSync(written, { recursive: true, force: true }));
    const read = (file: string) => readFileSync(join(written, file), 'utf8');

    it('depends on the versions that the kit has, so that there is one copy of each', () => {
      const { chai, mocha } = KIT.dependencies;
      const types = ['@types/chai', '@types/mocha', '@types/node'].map((name) => [name, KIT.devDependencies[name]]);
      expect(JSON.parse(read('package.json'))).to.deep.equal({
        name: written.split(/[\\/]/).at(-1)?.toLowerCase(),
        private: true, // and without "type", so that webtasks are CommonJS for editors as on the platform
        scripts: { test: 'mocha', dev: 'webtask dev', build: 'wt-build' },
        devDependencies: { ...Object.fromEntries(types), chai, mocha, 'webtask-kit': `^${KIT.version}` },
      });
    });
    it('has mocha load TypeScript and the hooks of the kit', () => {
      expect(JSON.parse(read('.mocharc.json'))).to.deep.equal({
        require: ['webtask-kit/mocha'],
        extension: ['js', 'mjs', 'ts', 'mts'],
      });
    });
    it('keeps secrets, keys and tokens out of git', () => {
      expect(read('.gitignore')).to.equal('node_modules/\n.env\n.webtask/\n');
      expect(read('.env.example')).to.equal(
        `# Your secrets: copy this file to .env, which git ignores. Webtasks read them from context.secrets.\n# API_KEY=\n\n${settingsAsDotenv()}\n`,
      );
    });
    it('has a workflow that may only read, pins its actions, and gets secrets in the one step that mints', () => {
      const workflow = read('.github/workflows/webtasks.yml');
      expect(workflow.match(/^permissions:\n(?: .*\n)+/m)?.[0]).to.equal('permissions:\n  contents: read\n');
      const actions = workflow.match(/uses: .*/g) ?? [];
      expect(actions).to.have.length(4);
      for (const action of actions) expect(action).to.match(/^uses: actions\/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
      expect(workflow.match(/run: .*/g)).to.deep.equal([
        'run: npm ci',
        'run: npm test',
        'run: npm ci',
        'run: npm run build',
      ]);
      expect(workflow.indexOf(`\${{ secrets.`)).to.be.greaterThan(workflow.indexOf('run: npm run build'));
      expect(workflow).to.include(`WEBTASK_SIGNING_KEY: \${{ secrets.WEBTASK_SIGNING_KEY }}`);
    });
    it('debugs the tests, one run, and each process that webtask dev brings, none of them with a time limit', () => {
      const { configurations } = JSON.parse(read('.vscode/launch.json'));
      expect(configurations[1]).to.deep.include({ request: 'attach', port: 9229, restart: true });
      expect(
        configurations.map(({ name, program, args }: Record<string, unknown>) => [name, program, args]),
      ).to.deep.equal([
        ['Tests', `\${workspaceFolder}/node_modules/mocha/bin/mocha.js`, ['--timeout', '0']],
        ['webtask dev --inspect', undefined, undefined],
        [
          'webtask run: this file',
          `\${workspaceFolder}/node_modules/webtask-kit/${KIT.bin.webtask}`,
          ['run', `\${file}`, '--inspect'],
        ],
      ]);
    });
    it('leaves no gap of a template open', () => {
      for (const file of filesOf(written)) expect(read(file), file).not.to.match(/\{\{\S/);
    });
  });

  describe('of a name', () => {
    it('writes a webtask and its test, from any folder of the project', async () => {
      writeFileSync(join(folder, 'package.json'), '{}');
      expect(await create(['pay'])).to.deep.equal(wrote(['test/pay.test.mjs', 'webtasks/pay.js'], 'npm test'));
      expect(await create(['refund', '--ts'], join(folder, 'webtasks'))).to.deep.equal(
        wrote(['../test/refund.test.mts', 'refund.ts'], 'npm test'),
      );
    });

    it('says what makes the test run where there is no project', async () => {
      expect(await create(['pay'])).to.deep.equal(
        wrote(['test/pay.test.mjs', 'webtasks/pay.js'], 'npx webtask-kit new project . && npm install && npm test'),
      );
    });

    for (const name of ['pay.js', '../pay', '-', 'süß', '']) {
      it(`refuses the name "${name}", which would not be that of its file and of its URL`, async () => {
        expect(await create(['--', name])).to.deep.equal(
          refused(
            `"${name}" cannot be the name of a webtask. Write letters, digits, _ and -, and no ending; --ts makes it TypeScript. [NEW_NAME_INVALID]`,
          ),
        );
        expect(filesOf(folder)).to.deep.equal([]);
      });
    }

    it('writes nothing when the webtask exists, also in the other language', async () => {
      writeFileSync(join(folder, 'package.json'), '{}');
      await create(['pay', '--ts']);
      expect(await create(['pay'])).to.deep.equal(
        refused(
          'Nothing was written, since these files exist: webtasks/pay.ts. Choose another name, or move them away. [NEW_FILES_EXIST]',
        ),
      );
      expect(filesOf(folder)).to.deep.equal(['package.json', 'test/pay.test.mts', 'webtasks/pay.ts']);
    });
  });

  describe('in every style and language', () => {
    it('writes a webtask that compiles, has types, and passes its own test', async function () {
      this.timeout(60_000);
      await create(['project', '.', '--ts', '--style', 'callback']);
      install(folder);
      const styles = ['callback', 'context', 'http', 'fetch'];
      const made = styles.flatMap((style) => [
        create([`${style}-js`, '--style', style]),
        create([`${style}-ts`, '--style', style, '--ts']),
      ]);
      expect((await Promise.all(made)).map(({ status }) => status)).to.deep.equal(made.map(() => 0));
      const { status, stdout, stderr } = runNode(['node_modules/mocha/bin/mocha.js', '--reporter', 'json']);
      const report = JSON.parse(stdout);
      expect({ status, stderr, failures: report.failures }).to.deep.equal({ status: 0, stderr: '', failures: [] });
      expect(report.stats).to.include({ suites: 9, tests: 15, passes: 15, pending: 0 });

      // The kit's sources are checked by the kit; of a project only its own files are.
      for (const project of ['.', 'webtasks']) {
        const checked = runNode(['node_modules/typescript/bin/tsc', '-p', project, '--checkJs', ...TYPES_FROM_SOURCE]);
        expect(checked).to.deep.equal({ status: 0, stdout: '', stderr: '' });
      }
    });
  });
});

/** Compiler options that read the kit's types from its sources, which are not compiled while it is tested. */
const TYPES_FROM_SOURCE = ['--customConditions', 'webtask-kit-source', '--allowImportingTsExtensions'];

/** The files below a folder, outside node_modules. */
function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && !entry.parentPath.includes('node_modules'))
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    )
    .sort();
}

import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { freePort } from '../support/free-port.ts';
import {
  type Block,
  inShell,
  readBlocks,
  carryOut as runInShell,
  startCommand,
  writeProgram,
} from '../support/page.ts';
import { FROM_SOURCE, isCompiled, waitForLine } from '../support/program.ts';

const KIT = fileURLToPath(new URL('../../', import.meta.url));
const sh = promisify(execFile);

/**
 * The README, carried out. Three things stand in for what a test cannot have: the kit comes from this checkout and not
 * from the registry, a bare repository stands for GitHub (and so wt-build does not fetch), and a free port for 8721.
 */
describe('the README', function () {
  this.timeout(60_000);
  let folder: string;
  let env: Record<string, string>;
  let cwd: string;
  let blocks: Block[];
  const running: ReturnType<typeof startCommand>[] = [];
  const carriedOut = new Set<Block>();

  before(async function () {
    if (process.platform === 'win32') return this.skip();
    folder = await mkdtemp(join(tmpdir(), 'webtask-readme-'));
    cwd = folder;
    const port = await freePort();
    blocks = await readBlocks('README.md', port);
    await writeProgram(
      join(folder, 'bin'),
      'npx',
      `case "$1" in
      webtask|webtask-kit) shift; exec ${inShell('webtask')} "$@" ;;
      wt-build) shift; exec ${inShell('wt-build')} "$@" --offline ;;
      *) exit 127 ;; esac`,
    );
    // From source the kit has to be imported before mocha can require it.
    const nodeOptions = isCompiled ? '' : `${FROM_SOURCE.join(' ')} --import ${KIT}runtime/harness/mocha.ts`;
    await writeProgram(
      join(folder, 'bin'),
      'npm',
      `case "$1" in
      install) mkdir -p node_modules && for it in mocha chai @aws-sdk; do ln -s ${KIT}node_modules/$it node_modules/$it; done && ln -s ${KIT} node_modules/webtask-kit ;;
      test) NODE_PATH="$PWD/node_modules" NODE_OPTIONS="${nodeOptions}" exec "${process.execPath}" ${KIT}node_modules/mocha/bin/mocha.js ;;
      *) exit 127 ;; esac`,
    );
    await mkdir(join(folder, 'github/you'), { recursive: true });
    await sh('git', ['init', '--bare', '--initial-branch=main', join(folder, 'github/you/my-tasks.git')]);
    await writeFile(
      join(folder, 'gitconfig'),
      `[user]\nname = You\nemail = you@example.com\n[url "${join(folder, 'github')}/"]\ninsteadOf = https://github.com/\n`,
    );
    env = {
      PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
      HOME: folder,
      GIT_CONFIG_GLOBAL: join(folder, 'gitconfig'),
      GIT_CONFIG_NOSYSTEM: '1',
      WEBTASK_PORT: String(port),
      WEBTASK_SERVER: `http://127.0.0.1:${port}`,
      NO_COLOR: '1',
    };
  });
  after(async () => {
    for (const child of running) child.kill();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  it('makes a project whose tests pass', async () => {
    const printed = await carryOut('npx webtask-kit new project');
    expect(printed)
      .to.match(/\d+ passing/)
      .and.not.match(/failing/);
  });

  it('shows the webtask that is in it', async () => {
    const [example] = blocks.filter(({ language }) => language === 'js');
    expect(await readFile(join(cwd, 'webtasks/hello.js'), 'utf8')).to.include(example?.text);
  });

  it('runs it once, and serves it with reload', async () => {
    expect(await carryOut('npx webtask run')).to.include('{"message":"Hello, Ada!"}');
  });

  it('adds another one in TypeScript', async () => {
    expect(await carryOut('npx webtask new pay --ts')).to.match(/\d passing/);
  });

  it('shows tests that pass', async () => {
    await cp(join(KIT, 'webtasks/revoke_dynamodb.ts'), join(cwd, 'webtasks/revoke_dynamodb.ts'));
    const examples = blocks.filter(({ language }) => language === 'ts');
    expect(examples).to.have.length(2);
    for (const [index, { text }] of examples.entries())
      await writeFile(join(cwd, `test/readme${index}.test.mts`), text);
    const printed = await carryOutText('npm test');
    expect(printed)
      .to.match(/✔ greets( \(\d+ms\))?\n/)
      .and.include('✔ says that a token is not revoked');
    for (const file of ['test/readme0.test.mts', 'test/readme1.test.mts', 'webtasks/revoke_dynamodb.ts'])
      await rm(join(cwd, file));
  });

  it('mints tokens of a pushed repository, and serves them', async () => {
    const printed = await carryOut('npx wt-build');
    expect(printed).to.include('https://raw.githubusercontent.com/you/my-tasks/');
    expect(printed).to.match(/curl .*\n?$/);
  });

  it('serves, and runs code that comes with a request', async () => {
    await carryOut('npx webtask serve');
    expect(await carryOut('TOKEN=')).to.equal('"Hello"');
  });

  it('has no other commands', () => {
    const others = blocks.filter((block) => block.language === 'sh' && !carriedOut.has(block));
    expect(others.map(({ text }) => text)).to.deep.equal([]);
  });

  /** Carries out the block that has that command. */
  function carryOut(command: string): Promise<string> {
    const block = blocks.find(({ language, text }) => language === 'sh' && text.includes(command));
    if (block) carriedOut.add(block);
    return carryOutText(block?.text ?? `false # the README has no ${command}`);
  }

  /** Commands that never end are started, and waited for until they say where they listen. */
  async function carryOutText(text: string): Promise<string> {
    const lines = text.trim().split('\n');
    const endless = lines.filter((line) => /^npx webtask (dev|serve)$/.test(line));
    const rest = lines.filter((line) => !endless.includes(line));
    const stdout = await runInShell(`${rest.join('\n')}\npwd > ${join(folder, 'pwd')}`, { cwd, env });
    cwd = (await readFile(join(folder, 'pwd'), 'utf8')).trim();
    for (const line of endless) {
      const child = startCommand(line, { cwd, env });
      running.push(child);
      await waitForLine(child, /http:\/\/127\.0\.0\.1:\d+/);
      if (line.endsWith('dev')) {
        child.kill();
        await new Promise((resolve) => child.once('close', resolve));
      }
    }
    return stdout;
  }
});

import type { ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { type RunningServer, startServer } from '../../runtime/server/index.ts';
import { loadKeySet, signToken } from '../../runtime/token/index.ts';
import { freePort } from '../support/free-port.ts';
import type { Origin } from '../support/origin.ts';
import { type Block, carryOut, inShell, readBlocks, startCommand, writeProgram } from '../support/page.ts';
import { waitForLine } from '../support/program.ts';
import { startRegistry } from '../support/registry.ts';

const CLIENTS = fileURLToPath(new URL('./node_modules/', import.meta.url));
/** Commands that go on until they are interrupted, and what they say once they are ready. */
const ENDLESS = new Map([
  ['npx webtask serve', /listening on /],
  ['wt logs', /connected to streaming logs/],
]);

/**
 * The page, carried out from top to bottom in one folder. Three things stand in for what a test cannot have: the kit
 * comes from this checkout, a free port for 8721, and a registry of one package for npm's.
 */
describe('docs/from-wt-cli.md', function () {
  this.timeout(60_000);
  let folder: string;
  let cwd: string;
  let env: Record<string, string>;
  let blocks: Block[];
  let registry: Origin;
  let old: RunningServer;
  const running: ChildProcess[] = [];
  const done = new Set<Block>();

  before(async function () {
    if (process.platform === 'win32') return this.skip();
    folder = await mkdtemp(join(tmpdir(), 'webtask-from-wt-cli-'));
    cwd = join(folder, 'server');
    await mkdir(cwd);
    const port = await freePort();
    blocks = (await readBlocks('docs/from-wt-cli.md', port)).filter(({ language }) => language !== 'mermaid');
    registry = await startRegistry([{ name: 'lodash', version: '4.17.4', code: "exports.VERSION = '4.17.4';" }]);
    const bin = join(folder, 'bin');
    await writeProgram(bin, 'npx', `shift; exec ${inShell('webtask')} "$@"`);
    await writeProgram(bin, 'wt', `exec "${process.execPath}" "${CLIENTS}wt-cli/bin/wt" "$@"`);
    old = await startOld(join(folder, 'old'), join(folder, '.webtask'));
    env = {
      PATH: `${bin}:${process.env.PATH}`,
      HOME: folder,
      WEBTASK_PORT: String(port),
      WEBTASK_SERVER: `http://127.0.0.1:${port}`,
      npm_config_registry: registry.origin,
      NO_UPDATE_NOTIFIER: '1',
      NODE_NO_WARNINGS: '1', // of what the clients use that Node has since deprecated
      NO_COLOR: '1',
      CI: '1',
    };
  });
  after(async () => {
    for (const child of running) child.kill();
    await old?.close();
    await registry?.close();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  /** Carries out the block that has that command, and looks for what the page says a command prints. */
  async function carry(command: string): Promise<string> {
    const block = blocks.find(({ text }) => text.includes(command));
    if (!block) throw new Error(`the page has no ${command}`);
    done.add(block);
    let printed = '';
    for (const line of block.text.trim().split('\n')) {
      const ready = ENDLESS.get(line);
      if (ready) {
        const child = startCommand(line, { cwd, env });
        running.push(child);
        await waitForLine(child, ready);
        continue;
      }
      const [, what = '', expected = ''] = /^(.*?)(?:\s{3,}# (.*))?$/.exec(line) ?? [];
      const text = await carryOut(what, { cwd, env });
      // The client aligns what it prints in columns.
      expect(text.replace(/ +/g, ' '), line).to.include(expected);
      printed += text;
    }
    return printed;
  }

  it('starts a server, mints a token, imports what an old profile reaches, and points wt at it', async () => {
    await carry('npx webtask serve');
    await carry('token mint');
    expect(await carry('webtask import')).to.match(/^was-there/m);
    await carryOut('wt profile rm default --silent', { cwd, env });
    expect(await carry('wt init')).to.match(/Welcome to webtasks!/);
  });

  it('creates, calls, lists, inspects and updates', () => carry('wt create hello.js --secret'));

  it('has jobs', () => carry('wt cron create'));

  it('streams logs', () => carry('wt logs'));

  it('runs code that uses sandboxjs', async () => {
    const block = blocks.find(({ language }) => language === 'js');
    if (!block) throw new Error('the page has no code');
    done.add(block);
    await writeFile(join(cwd, 'made.js'), block.text);
    const script = `TOKEN=$(cat token) NODE_PATH="${CLIENTS}" "${process.execPath}" made.js`;
    expect(await carryOut(script, { cwd, env })).to.equal('"1"\n');
  });

  it('provides modules by their versions', () => carry('lodash@4.17.4'));

  it('answers at custom domains', () => carry('--host hello.example.com'));

  it('goes back', () => carry('wt profile rm'));

  it('has no block that was not carried out', () => {
    expect(blocks.filter((block) => !done.has(block))).to.deep.equal([]);
  });
});

/** A cluster of before, with one webtask, and the profile that knows it. */
async function startOld(dataFolder: string, profiles: string): Promise<RunningServer> {
  const server = await startServer({
    isolation: 'inline',
    port: 0,
    host: '127.0.0.1',
    dataFolder,
    env: {},
    allowedOrigins: [],
    limitMs: 5000,
    onLine: () => undefined,
    onError: () => undefined,
  });
  const token = signToken({ ten: 'me', dd: 2 }, await loadKeySet({ dataFolder, env: {} }), Date.now() / 1000);
  const created = await fetch(`${server.url}/api/webtask/me/was-there`, {
    method: 'PUT',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ code: 'module.exports = cb => cb(null, 1)', secrets: { A: '1' } }),
  });
  expect(created.status).to.equal(200);
  await writeFile(profiles, JSON.stringify({ default: { url: server.url, token, container: 'me' } }));
  return server;
}

import { chmodSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { skipUnlessShutIn } from '../support/isolation.ts';
import { createProject, type TestProject } from '../support/project.ts';
import { type RunningProgram, startRunning } from '../support/running.ts';
import { ask, CLUSTER, clusterToken } from '../support/server.ts';

const LOOK = `const { readFileSync, readdirSync, writeFileSync } = require('node:fs');
const attempt = (look) => { try { return look() } catch (error) { return error.code } };
module.exports = ({ query: { folder } }, cb) => cb(null, {
  packed: attempt(() => require(folder + '/node_modules/pack')),
  text: attempt(() => readFileSync(folder + '/lib/text.txt', 'utf8')),
  env: attempt(() => readFileSync(folder + '/.env', 'utf8')),
  names: attempt(() => readdirSync(folder).sort()),
  data: attempt(() => readdirSync(folder + '/.webtask')),
  write: attempt(() => writeFileSync(folder + '/lib/text.txt', 'mine')),
  create: attempt(() => writeFileSync(folder + '/.webtask/keys', '')),
});`;

describe('webtask serve FOLDER, with webtasks that are shut in', function () {
  this.timeout(20_000);
  let project: TestProject;
  let server: RunningProgram | undefined;
  before(function () {
    skipUnlessShutIn(this);
    project = createProject({ 'lib/text.txt': 'a text', '.env': 'OTHERS=sk_1\n' });
    project.write('node_modules/pack/index.js', 'module.exports = "packed";');
    project.write('.webtask/keys', '{}');
    project.write('data/kept', 'by the server');
    chmodSync(project.folder, 0o755); // workers are other users
    for (const secret of ['.env', '.webtask/keys']) chmodSync(join(project.folder, secret), 0o644);
  });
  after(() => project?.remove());
  afterEach(() => server?.kill());

  const serve = async (...args: string[]): Promise<() => Promise<Record<string, unknown>>> => {
    const running = startRunning('webtask', ['serve', ...args, '--port', '0', '--isolation', 'sandbox'], {
      cwd: project.folder,
      env: { ...CLUSTER, WEBTASK_DATA: 'data' },
    });
    server = running;
    const [, url = ''] = await running.until(/^listening on (http:\/\/\S+)/m);
    const headers = { Authorization: `Bearer ${await clusterToken({ ten: 'shop' })}` };
    const query = new URLSearchParams({ folder: project.folder });
    return async () =>
      JSON.parse((await ask(`${url}/api/run/shop?${query}`, { method: 'POST', headers, body: LOOK })).body);
  };

  it('shows them that folder and its packages, to read, but neither its secrets nor what the server keeps in it', async () => {
    const look = await serve('.');
    expect(await look()).to.deep.equal({
      packed: 'packed',
      text: 'a text',
      env: 'ENOENT',
      names: ['.mocharc.json', 'lib', 'node_modules', 'package.json'],
      data: 'ENOENT',
      write: 'EROFS',
      create: 'ENOENT',
    });
    expect(existsSync(join(project.folder, '.webtask/keys'))).to.equal(true);
  });

  it('shows them no secret that is written while they run, either', async () => {
    const look = await serve('.');
    const before = await look();
    project.write('.env', 'OTHERS=sk_2\n'); // by another file that takes its place, as editors do
    chmodSync(join(project.folder, '.env'), 0o644);
    expect(await look()).to.deep.equal(before);
  });

  it('shows them nothing of it where no folder is named', async () => {
    const look = await serve();
    expect(await look()).to.deep.equal({
      packed: 'MODULE_NOT_FOUND',
      text: 'ENOENT',
      env: 'ENOENT',
      names: 'ENOENT',
      data: 'ENOENT',
      write: 'ENOENT',
      create: 'ENOENT',
    });
  });
});

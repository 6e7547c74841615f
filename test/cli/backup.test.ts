import { join } from 'node:path';
import { expect } from 'chai';
import { giveKeys } from '../support/given-keys.ts';
import { runProgram } from '../support/program.ts';
import { createProject, type TestProject } from '../support/project.ts';
import { type RunningProgram, startRunning } from '../support/running.ts';

const CODE = 'module.exports = (ctx, cb) => ctx.storage.get((error, data) => cb(error, { data, s: ctx.secrets.S }))';

describe('webtask backup and webtask restore', () => {
  let project: TestProject;
  let server: RunningProgram;
  let url: string;

  beforeEach(() => {
    project = createProject({});
  });

  afterEach(async () => {
    await server?.kill();
    project.remove();
  });

  const webtask = (...args: string[]) => runProgram('webtask', args, { cwd: project.folder });

  /** Told every now and then, where it takes longer. */
  const withoutProgress = (text: string): string => text.replace(/^.* items so far\n/gm, '');

  async function serve(data: string): Promise<void> {
    server = startRunning('webtask', ['serve', '--port', '0', '--data', data], { cwd: project.folder });
    [, url = ''] = await server.until(/^listening on (http:\/\/\S+)/m);
  }

  it('bring a server back, keys and all, from a file that was made while it ran', async () => {
    await giveKeys(join(project.folder, 'old'));
    await serve('old');
    const mint = ['token', 'mint', '--container', 'shop', '--delegation-depth', '1', '--data', 'old'];
    const token = (await webtask(...mint)).stdout.trimEnd();
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
    const put = (path: string, body: object) =>
      fetch(`${url}/api/webtask/shop/hi${path}`, { method: 'PUT', headers, body: JSON.stringify(body) });
    expect((await put('', { code: CODE, secrets: { S: 'shh' } })).status).to.equal(200);
    expect((await put('/data', { data: '{"n":1}' })).status).to.equal(200);

    const made = await webtask('backup', 'b.gz', '--with-keys', '--data', 'old');
    expect([
      made.status,
      withoutProgress(made.stderr),
      made.stdout.replace(/^\d+ items|\d+ KB/g, (it) => it.replace(/\d+/, 'N')),
    ]).to.deep.equal([
      0,
      '',
      `N items are in b.gz (N KB)
It holds the keys of the cluster: who has it can sign tokens and open secrets.
next: webtask restore b.gz --data <empty folder>
`,
    ]);
    await server.kill();

    const restored = await webtask('restore', 'b.gz', '--data', 'new');
    expect([
      restored.status,
      withoutProgress(restored.stderr),
      restored.stdout.replace(/^\d+/, 'N').replace(/of \S+Z/, 'of DATE'),
    ]).to.deep.equal([0, '', 'N items of DATE are in the store, and the keys\nnext: webtask serve --data new\n']);
    await serve('new');
    const answer = await fetch(`${url}/api/run/shop/hi`);
    expect(await answer.json()).to.deep.equal({ data: { n: 1 }, s: 'shh' });
    expect((await put('/data', { data: '{"n":2}' })).status).to.equal(200);
  }).timeout(60_000);

  it('say what they did as JSON, and what they refuse with its exit code', async () => {
    const made = await webtask('backup', 'b.gz', '--json');
    const { bytes, ...report } = JSON.parse(made.stdout) as { bytes: number };
    expect(report).to.deep.equal({ file: 'b.gz', items: 0, withKeys: false });
    expect(bytes).to.be.above(0);
    const again = await webtask('backup', 'b.gz');
    expect([again.status, again.stdout, again.stderr]).to.deep.equal([
      2,
      '',
      'webtask backup: b.gz exists, and is not overwritten. Choose another name, or remove it first. [BACKUP_FILE_EXISTS]\n',
    ]);
    const restored = await webtask('restore', 'b.gz', '--json', '--data', join('a', 'b'));
    expect(JSON.parse(restored.stdout)).to.include({ file: 'b.gz', items: 0, withKeys: false });
  }).timeout(60_000);
});

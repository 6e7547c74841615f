import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { freePort } from '../support/free-port.ts';
import { carryOut, inShell, readBlocks, startCommand, writeProgram } from '../support/page.ts';
import { waitForLine } from '../support/program.ts';

const HELLO = { code: 'module.exports = (ctx, cb) => cb(null, ctx.secrets.S);', secrets: { S: 'shh' } };

describe('docs/data.md', function () {
  this.timeout(60_000);

  it('says commands that work, in their order', async function () {
    if (process.platform === 'win32') return this.skip();
    const cwd = await mkdtemp(join(tmpdir(), 'webtask-data-page-'));
    const port = await freePort();
    await writeProgram(join(cwd, 'bin'), 'npx', `shift; exec ${inShell('webtask')} "$@"`);
    const env = {
      PATH: `${join(cwd, 'bin')}:${process.env.PATH ?? ''}`,
      HOME: cwd,
      NO_COLOR: '1',
      WEBTASK_SERVER: `http://127.0.0.1:${port}`,
    };
    const server = startCommand(`${inShell('webtask')} serve --port ${port}`, { cwd, env });
    try {
      await waitForLine(server, /listening on/);
      const token = (
        await carryOut('npx webtask token mint --container default --delegation-depth 1', { cwd, env })
      ).trim();
      const answer = await fetch(`${env.WEBTASK_SERVER}/api/webtask/default/hello`, {
        method: 'PUT',
        headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
        body: JSON.stringify(HELLO),
      });
      expect(answer.status).to.equal(200);
      const blocks = (await readBlocks('docs/data.md', port)).filter(({ language }) => language === 'sh');
      const printed = await carryOut(blocks.map(({ text }) => text).join(''), { cwd, env });
      expect(printed).to.include('hello  created  created  -        -');
      expect(await (await fetch(`${env.WEBTASK_SERVER}/api/run/copy/hello`)).json()).to.equal('shh');
      expect(await readFile(join(cwd, 'my-webtasks/code/hello.js'), 'utf8')).to.equal(HELLO.code);
      expect((await stat(join(cwd, 'restored/keys'))).mode & 0o777).to.equal(0o600);
    } finally {
      server.kill('SIGKILL');
      await rm(cwd, { recursive: true, force: true });
    }
  });
});

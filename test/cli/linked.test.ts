import { spawn } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { toItsEnd, waitForLine } from '../support/program.ts';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const PACKAGE = JSON.parse(readFileSync(`${REPOSITORY}package.json`, 'utf8'));
const CODE = `
  const { protect } = require('webtask-kit/identity');
  module.exports = (context, callback) => callback(null, [typeof protect, require('small')]);
`;
const ANSWER = '["function","small"]';

/** Makes a link, and the folder that it is in. */
function link(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path);
}

/** How the kit may lie in the node_modules of a project as a link to where it is. */
const LAYOUTS = {
  'npm link, to a checkout'(modules: string) {
    link(REPOSITORY, join(modules, 'webtask-kit'));
  },
  'pnpm, to a folder beside those of what it needs'(modules: string) {
    const beside = join(modules, '.pnpm', `webtask-kit@${PACKAGE.version}`, 'node_modules');
    for (const it of ['dist', 'templates', 'package.json']) {
      cpSync(`${REPOSITORY}${it}`, join(beside, 'webtask-kit', it), { recursive: true });
    }
    for (const name of Object.keys(PACKAGE.dependencies)) {
      link(realpathSync(`${REPOSITORY}node_modules/${name}`), join(beside, name));
    }
    link(join(beside, 'webtask-kit'), join(modules, 'webtask-kit'));
  },
};

for (const [what, lay] of Object.entries(LAYOUTS)) {
  describe(`the kit where it is a link of ${what}`, () => {
    let project: string;
    before(function () {
      if (process.env.WEBTASK_TEST_PROGRAMS !== 'compiled') this.skip();
      project = realpathSync(mkdtempSync(join(tmpdir(), 'webtask-linked-')));
      const modules = join(project, 'node_modules');
      mkdirSync(join(modules, '.small'), { recursive: true });
      writeFileSync(join(modules, '.small', 'index.js'), "module.exports = 'small';");
      link('.small', join(modules, 'small'));
      lay(modules);
      link(join('../webtask-kit', PACKAGE.bin.webtask), join(modules, '.bin', 'webtask'));
      writeFileSync(join(project, 'package.json'), '{"private":true}');
      writeFileSync(join(project, 'task.js'), CODE);
    });
    after(() => project && rmSync(project, { recursive: true, force: true }));

    const start = (...args: string[]) =>
      spawn(process.execPath, ['node_modules/.bin/webtask', ...args], {
        cwd: project,
        env: { PATH: process.env.PATH, HOME: project, NO_COLOR: '1' },
        stdio: 'pipe',
      });

    for (const isolation of ['inline', 'process']) {
      it(`runs a webtask that requires it, and a package that is a link as well: ${isolation}`, async () => {
        const { stdout, stderr } = await toItsEnd(start('run', 'task.js', '--isolation', isolation));
        expect({ body: stdout.split('\n').at(-1), stderr }).to.deep.equal({ body: ANSWER, stderr: '' });
      });

      it(`serves one, with all that it loads late: ${isolation}`, async () => {
        const server = start('serve', '.', '--port', '0', '--isolation', isolation);
        try {
          const [, url] = await waitForLine(server, /listening on (http:\S+)/);
          const { stdout: token } = await toItsEnd(start('token', 'mint', '--container', 'a', '--data', '.webtask'));
          const headers = { Authorization: `Bearer ${token.trim()}` };
          const reply = await fetch(`${url}/api/run/a`, { method: 'POST', headers, body: CODE });
          expect(await reply.text()).to.equal(ANSWER);
        } finally {
          server.kill();
          await toItsEnd(server);
        }
      });
    }
  });
}

import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { skipUnlessShutIn } from '../../support/isolation.ts';
import { FROM_SOURCE } from '../../support/program.ts';

/** What a server of a test does: it has a file of its own and listens, starts a worker, and prints what that has open. */
const SERVER = `
import { once } from 'node:events';
import { openSync, readdirSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { readLimits } from './runtime/worker/limits/limits.ts';
import { openStarter } from './runtime/worker/open-starter.ts';
import { answerOf, runnable } from './test/support/worker.ts';
const [mode, file] = process.argv.slice(1);
openSync(file, 'w');
const server = createServer().listen(0, '127.0.0.1');
await once(server, 'listening');
const users = { first: 200_000, last: 265_535 };
const start = openStarter({ mode, readable: [], users, limits: readLimits({}), network: 'none', onOutput: () => undefined });
const worker = await start(() => undefined);
const LIST = \`const { readdirSync, readlinkSync } = require('fs');
  const linkOf = (it) => { try { return readlinkSync('/proc/self/fd/' + it); } catch { return '/proc'; } };
  module.exports = cb => cb(null, readdirSync('/proc/self/fd').map((it) => [Number(it), linkOf(it)]));\`;
const { body } = await answerOf(worker, runnable(LIST));
console.log(JSON.stringify({ theirs: JSON.parse(body), listening: readlinkSync('/proc/self/fd/' + server._handle.fd) }));
process.exit();
`;

for (const mode of ['process', 'sandbox'] as const) {
  describe(`the open files of a worker (${mode})`, () => {
    let folder = '';
    before(function () {
      if (process.platform !== 'linux') return this.skip(); // nobody says there what a process has open
      if (mode === 'sandbox') skipUnlessShutIn(this);
      folder = mkdtempSync(join(tmpdir(), 'webtask-descriptors-'));
    });
    after(() => rmSync(folder, { recursive: true, force: true }));

    it('are its own: none that its server has opened, and none that this was started with', async () => {
      const given = openSync(folder, 'r');
      const stdio = ['ignore', 'pipe', 'inherit', ...Array(37).fill('ignore'), given];
      const args = [...FROM_SOURCE, '--input-type=module', '--eval', SERVER, mode, join(folder, 'keys')];
      const server = spawn(process.execPath, args, { stdio });
      const said = await text(server.stdout ?? expect.fail('it has no output'));
      closeSync(given);
      const { theirs, listening } = JSON.parse(said) as { theirs: [number, string][]; listening: string };
      const files = theirs.filter(([, link]) => !/^(socket|pipe|anon_inode):/.test(link));
      const own = files.filter(
        ([, link]) => !/^\/dev\/(null|shm\/#\d+ \(deleted\))$|^\/#\d+ \(deleted\)$|^\/proc/.test(link),
      );
      expect(own).to.deep.equal([]);
      expect(theirs.filter(([descriptor]) => descriptor === 40)).to.deep.equal([]);
      expect(theirs.filter(([, link]) => link === listening)).to.deep.equal([]);
    });
  });
}

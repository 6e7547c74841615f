import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { expect } from 'chai';
import { transform } from 'esbuild';
import { commandsWith, FRAMES, MODES } from '../../../support/attacked.ts';
import { workerGroups } from '../../../support/cgroups.ts';
import { skipUnlessShutIn } from '../../../support/isolation.ts';
import { descendantsOf, listProcesses } from '../../../support/processes.ts';
import { CLUSTER, run, startTestServer, type TestServer } from '../../../support/server.ts';
import { storeSettings } from '../../../support/table.ts';
import { until } from '../../../support/until.ts';

/** Numbers that no other test has. */
const USERS = { first: 298_001, last: 298_200 };
/** Where files are that everybody may write. */
const FOLDERS = ['/tmp', '/var/tmp', '/dev/shm', '/run', '/run/lock'];

/** Ways to be ended. */
const ENDS = {
  'by itself': 'process.exit(1);',
  'by a signal': 'process.kill(process.pid, "SIGKILL");',
  'by an exception': 'throw new Error("sync");',
  'for a loop': 'for (;;);',
  'for its memory': 'const all = []; for (;;) all.push(Buffer.alloc(1 << 20, 1));',
  'for its output': 'for (;;) console.log("x".repeat(10000));',
  'for its frames': `${FRAMES} send(Buffer.alloc(100, 0xff));`,
  'for a pipe that it closed': 'require("fs").closeSync(3);',
  'with its server': 'setInterval(() => {}, 1000); cb(null, 1);',
};

const isOurs = ({ uid }: { uid: number }): boolean => uid >= USERS.first && uid <= USERS.last;
/** The names that other servers of this machine would find taken. */
const locks = (): string[] =>
  [...readFileSync('/proc/net/unix', 'latin1').matchAll(/@webtask-kit-user-(\d+)@*$/gm)]
    .map(([, uid]) => uid ?? '')
    .filter((uid) => isOurs({ uid: Number(uid) }));
/** What this process has open that a worker may be at the other end of: not its connections to a store. */
function descriptors(): string[] {
  const tcp = readFileSync('/proc/net/tcp', 'latin1') + readFileSync('/proc/net/tcp6', 'latin1');
  return readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      const file = readlinkSync(`/proc/self/fd/${descriptor}`);
      const [, kind, inode] = /^(pipe|socket|\/dev\/shm\/#):?\[?(\d+)/.exec(file) ?? [];
      return kind === undefined || (kind === 'socket' && tcp.includes(` ${inode} `)) ? [] : [file];
    } catch {
      return []; // the folder that was listed
    }
  });
}

for (const mode of MODES) {
  describe(`a container that was ended (${mode})`, function () {
    this.timeout(90_000);
    let server: TestServer;
    before(async function () {
      if (process.platform !== 'linux') this.skip(); // nobody could say what is left
      if (mode === 'sandbox') skipUnlessShutIn(this);
      await transform('1'); // the process of the compiler is the first server's that needs it, and stays for others
    });

    it('leaves no process, file, lock of a user, descriptor or control group, however it was ended', async () => {
      const word = `stays-${randomUUID()}`;
      const before = descriptors();
      const others = descendantsOf(process.pid).map(({ pid }) => pid);
      const env = {
        ...CLUSTER,
        ...(await storeSettings()),
        WEBTASK_LIMIT_BLOCKED_MS: '1500',
        WEBTASK_LIMIT_MEMORY_BYTES: String(64 << 20),
        WEBTASK_LIMIT_OUTPUT_BYTES: String(1 << 20),
      };
      server = await startTestServer(20_000, { isolation: mode, env, workerUsers: USERS });
      // Only what is shut in has files of its own; and what is in no control group, either, may have gone anywhere.
      const folders = mode === 'sandbox' ? FOLDERS : [];
      const detached = mode === 'sandbox' || workerGroups() !== undefined;
      const leave = `const fs = require('fs');
        for (const folder of ${JSON.stringify(folders)}) try { fs.writeFileSync(folder + '/${word}', 'x'); } catch {}
        require('child_process').spawn(process.execPath, ['-e', 'setTimeout(() => {}, 1e6)', '${word}'], { detached: ${detached}, stdio: 'ignore' });`;
      let left = 0;
      for (const [i, end] of Object.values(ENDS).entries()) {
        const container = `ends-${i}`;
        const body = `${leave} module.exports = cb => { ${end.replace('const fs', 'const fs2')} };`;
        await run(server, server.sign({ ten: container }), { container, method: 'POST', body });
        left += commandsWith(word).length;
      }
      expect(left).to.be.above(0); // so that something is shown by what follows
      await server.close();

      const started = () => descendantsOf(process.pid).filter(({ pid }) => !others.includes(pid));
      const opened = () => descriptors().filter((it) => !before.includes(it));
      // The system takes its time with the last of them.
      await until(() => [commandsWith(word), started(), listProcesses().filter(isOurs), opened()].flat().length === 0);
      await until(() => locks().length === 0 && (workerGroups() ?? []).length === 0);
      expect(FOLDERS.filter((folder) => existsSync(`${folder}/${word}`))).to.deep.equal([]);
    });
  });
}

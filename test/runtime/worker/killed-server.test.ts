import { setTimeout as delay } from 'node:timers/promises';
import { skipUnlessShutIn } from '../../support/isolation.ts';
import { descendantsOf, type ProcessInfo, untilGone } from '../../support/processes.ts';
import { createProject, type TestProject } from '../../support/project.ts';
import { type RunningProgram, startRunning } from '../../support/running.ts';
import { CLUSTER, clusterToken } from '../../support/server.ts';

/** Never lets go of its process, and has started another one, which ends by itself where nothing ends it before. */
const LOOP = `return (cb) => {
  const fs = require('fs');
  require('child_process').spawn(process.execPath, ['-e', 'setTimeout(() => undefined, 20000)']);
  fs.writeSync(1, 'loops\\n');
  while (true);
}`;

/** Stops its process, with all threads: nothing in there can see that the server has gone. */
const STOP = `return (cb) => {
  const fs = require('fs');
  fs.writeSync(1, 'loops\\n');
  process.kill(process.pid, 'SIGSTOP');
}`;

describe('a server that is killed', function () {
  this.timeout(30_000);
  let project: TestProject;
  let server: RunningProgram | undefined;
  let token = '';
  before(async function () {
    if (process.platform !== 'linux') {
      console.log('      skipped: processes are tied to the server on Linux only');
      this.skip();
    }
    project = createProject({});
    token = await clusterToken({ ten: 'shop' });
  });
  afterEach(() => server?.kill());
  after(() => project?.remove());

  for (const [mode, what, code] of [
    ['process', 'loops', LOOP],
    ['sandbox', 'loops', LOOP],
    ['sandbox', 'is stopped', STOP], // in `process` such a one stays
  ] as const) {
    it(`leaves no worker behind, also none that ${what} (${mode})`, async function () {
      if (mode === 'sandbox') skipUnlessShutIn(this);
      const args = ['serve', '--port', '0', '--isolation', mode];
      const running = startRunning('webtask', args, { cwd: project.folder, env: CLUSTER });
      server = running;
      const [, url = ''] = await running.until(/^listening on (http:\/\/\S+)/m);
      const call = fetch(`${url}/api/run/shop?key=${token}`, { method: 'POST', body: code }).catch(() => undefined);
      await running.until(/loops$/m);
      const find = (): ProcessInfo[] => {
        const all = descendantsOf(running.pid);
        return mode === 'sandbox' ? all : all.filter(({ parent }) => parent === running.pid);
      };
      while (find().length < 2) await delay(10); // the worker and a spare one, which is started after it
      const workers = find();
      await running.kill();
      await untilGone(workers);
      await call;
    });
  }
});

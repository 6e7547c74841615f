import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { commandsWith } from '../support/attacked.ts';
import { describeInCgroup, giveControllers, groupsIn, ownGroup } from '../support/cgroups.ts';
import { createProject, type TestProject } from '../support/project.ts';
import { type RunningProgram, startRunning } from '../support/running.ts';
import { CLUSTER, clusterToken } from '../support/server.ts';
import { until } from '../support/until.ts';

describeInCgroup('webtask serve, where it can make control groups', () => {
  let project: TestProject;
  let server: RunningProgram | undefined;
  before(() => {
    project = createProject({});
  });
  afterEach(() => server?.kill());
  after(() => project.remove());

  const serve = async (): Promise<{ running: RunningProgram; url: string; groups: () => string[] }> => {
    const args = ['serve', '--port', '0', '--isolation', 'process'];
    const running = startRunning('webtask', args, { cwd: project.folder, env: CLUSTER });
    server = running;
    const [, url = ''] = await running.until(/^listening on (http:\/\/\S+)/m);
    const groups = (): string[] => groupsIn(ownGroup()).filter((name) => name.includes(`-${running.pid}-`));
    return { running, url, groups };
  };

  it('leaves none behind when it stops', async () => {
    const { running, groups } = await serve();
    expect(groups()).to.have.lengthOf(1);
    running.signal('SIGTERM');
    expect(await running.ended).to.equal(0);
    expect(groups()).to.deep.equal([]);
  });

  it('ends what a server has left that was killed, when the next one starts', async () => {
    const { running, url, groups } = await serve();
    const key = await clusterToken({ ten: 'shop' });
    const word = 'left-by-a-server-that-was-killed';
    const start = `require('child_process').spawn(process.execPath, ['-e', 'setTimeout(() => {}, 1e6)', '${word}'], { detached: true, stdio: 'ignore' })`;
    const code = `return cb => ${start}.on('spawn', () => cb(null, 1))`;
    expect(await (await fetch(`${url}/api/run/shop?key=${key}`, { method: 'POST', body: code })).text()).to.equal('1');
    await running.kill();
    expect([commandsWith(word).length, groups().length]).to.deep.equal([1, 1]);
    await serve();
    await until(() => commandsWith(word).length === 0 && groups().length === 0);
  });
});

describeInCgroup(
  'webtask serve, in a control group of its own that limits memory and processes',
  (folder) => {
    let project: TestProject;
    let server: RunningProgram | undefined;
    before(() => {
      project = createProject({});
      giveControllers(folder);
    });
    afterEach(() => server?.kill());
    after(() => project.remove());

    const serve = async (mode: string): Promise<(code: string) => Promise<string>> => {
      const group = join(folder, mode);
      mkdirSync(group);
      const env = {
        ...CLUSTER,
        WEBTASK_LIMIT_MEMORY_BYTES: String(64 << 20),
        WEBTASK_LIMIT_TEMPORARY_BYTES: String(1 << 30),
      };
      const running = startRunning('webtask', ['serve', '--port', '0', '--isolation', mode, '--network', 'none'], {
        cwd: project.folder,
        env,
      });
      writeFileSync(join(group, 'cgroup.procs'), String(running.pid));
      server = running;
      const [, url = ''] = await running.until(/^listening on (http:\/\/\S+)/m);
      await running.until(/^limited by control groups: memory, processes$/m);
      const key = await clusterToken({ ten: 'shop' });
      return async (code) => (await fetch(`${url}/api/run/shop?key=${key}`, { method: 'POST', body: code })).text();
    };

    it('has the system refuse more processes, also of who left its group', async () => {
      const run = await serve('process');
      const start = `require('child_process').spawn(process.execPath, ['-e', 'setTimeout(() => {}, 1e6)'], { detached: true, stdio: 'ignore' })`;
      const code = `return cb => { const more = () => { ${start}.on('error', cb).on('spawn', more); }; more(); }`;
      expect(JSON.parse(await run(code))).to.include({ code: 400, message: `spawn ${process.execPath} EAGAIN` });
    });

    it('ends a container whose files in memory are more than it may have in all', async () => {
      const run = await serve('sandbox');
      const code = `return cb => { const fs = require('fs'); const some = Buffer.alloc(1 << 20); const file = fs.openSync('/tmp/much', 'w');
        const more = () => fs.write(file, some, (error) => error ? cb(error) : more()); more(); }`;
      expect(JSON.parse(await run(code))).to.include({
        code: 500,
        message: 'The webtasks of shop used more than 301989888 bytes of memory.',
      });
      expect(await run('return cb => cb(null, 1)')).to.equal('1');
    });
  },
  ['memory', 'pids'],
);

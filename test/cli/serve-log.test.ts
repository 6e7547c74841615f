import { expect } from 'chai';
import { startOrigin } from '../support/origin.ts';
import { createProject, type TestProject } from '../support/project.ts';
import { type RunningProgram, startRunning } from '../support/running.ts';
import { ask, CLUSTER, clusterToken } from '../support/server.ts';

describe('webtask serve --log-json', () => {
  let project: TestProject;
  let server: RunningProgram;
  before(() => {
    project = createProject({});
  });
  afterEach(() => server.kill());
  after(() => project.remove());

  it('logs its start, its stop and what is for whoever runs it, a line of JSON each', async function () {
    this.timeout(30_000);
    const token = await clusterToken({ ten: 'shop' });
    const origin = await startOrigin((req) => req.socket.destroy());
    const args = ['serve', '--port', '0', '--isolation', 'inline', '--log-json', '--allow-origin', origin.origin];
    server = startRunning('webtask', args, { cwd: project.folder, env: CLUSTER });
    const [, url = ''] = await server.until(/^listening on (http:\/\/\S+)/m);
    const answer = await ask(`${url}/api/run/shop?key=${token}&webtask_url=${origin.origin}/a.js`);
    const { req_id, message } = JSON.parse(answer.body) as Record<string, string>;
    server.signal('SIGTERM');
    expect(await server.ended).to.equal(0);
    await origin.close();
    const lines = server.stderr
      .trimEnd()
      .split('\n')
      .map((line) => {
        const { time, pid, name, cause, version, ...rest } = JSON.parse(line);
        return rest;
      });
    expect(lines).to.deep.equal([
      { level: 'info', url, isolation: 'inline', msg: 'started' },
      { level: 'error', code: 'CODE_UNREACHABLE', status: 502, req_id, msg: message },
      { level: 'info', msg: 'stopping' },
      { level: 'info', msg: 'stopped' },
    ]);
    expect(server.stderr).not.to.contain(token);
  });
});

import { expect } from 'chai';
import { skipUnlessNetworked } from '../support/isolation.ts';
import { runProgram } from '../support/program.ts';
import { createProject, type TestProject } from '../support/project.ts';
import { type RunningProgram, startRunning } from '../support/running.ts';
import { ask, CLUSTER, clusterToken } from '../support/server.ts';

/** Tries to reach the server that it runs on, as a stranger would. */
const STRANGER = `const net = require('net');
const tried = (port, host) => new Promise((resolve) => {
  const socket = net.connect(port, host);
  socket.on('connect', () => { resolve('connected'); socket.destroy(); }).on('error', ({ message }) => resolve(message));
});
module.exports = ({ data: { port, hosts } }, cb) => {
  Promise.all(hosts.split(' ').map(async (host) => [host, await tried(port, host)])).then((all) => cb(null, Object.fromEntries(all)));
};`;

describe('webtask serve with a network', () => {
  let project: TestProject;
  let server: RunningProgram | undefined;
  let token: string;
  before(async () => {
    project = createProject({});
    token = await clusterToken({ ten: 'shop' });
  });
  after(() => project.remove());
  afterEach(() => server?.kill());

  async function tried(args: readonly string[], hosts: readonly string[]): Promise<unknown> {
    server = startRunning('webtask', ['serve', '--port', '0', ...args], { cwd: project.folder, env: CLUSTER });
    const [, url = ''] = await server.until(/^listening on (http:\/\/\S+)/m);
    const query = new URLSearchParams({ port: new URL(url).port, hosts: hosts.join(' ') });
    const headers = { Authorization: `Bearer ${token}` };
    return JSON.parse((await ask(`${url}/api/run/shop?${query}`, { method: 'POST', headers, body: STRANGER })).body);
  }

  it('by default has the kernel refuse what is on its machine, by whatever address', async function () {
    skipUnlessNetworked(this);
    const port = /\d+/.source;
    const refused = Object.entries((await tried([], ['127.0.0.1', '::1', '198.18.0.2', '0.0.0.0'])) as object);
    for (const [host, message] of refused)
      expect(message, host).to.match(new RegExp(`^connect ECONNREFUSED \\S+:${port}`));
    expect(refused).to.have.length(4);
  });

  it('without a sandbox has workers refuse it themselves', async () => {
    const { '127.0.0.1': message } = (await tried(['--isolation', 'process'], ['127.0.0.1'])) as Record<string, string>;
    expect(message).to.match(/^connect EACCES 127\.0\.0\.1:\d+: the network policy of this server is public$/);
  });

  it('lets webtasks connect to it where it is told to', async () => {
    const all = await tried(['--isolation', 'process', '--network', 'all'], ['127.0.0.1']);
    expect(all).to.deep.equal({ '127.0.0.1': 'connected' });
  });

  it('is refused where there is no such policy', async () => {
    const { status, stderr } = await runProgram('webtask', ['serve', '--network', 'some'], { cwd: project.folder });
    expect([status, stderr]).to.deep.equal([
      2,
      "webtask serve: option '--network <policy>' argument 'some' is invalid. It is public, all or none. Run webtask serve --help. [WRONG_USE]\n",
    ]);
  });
});

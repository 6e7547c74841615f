import { expect } from 'chai';
import { runProgram } from '../support/program.ts';
import { ask, startTestServer, type TestServer } from '../support/server.ts';

describe('webtask cron run', function () {
  this.timeout(30_000);
  let server: TestServer;
  let token = '';
  before(async () => {
    server = await startTestServer();
    token = server.sign({ dd: 1 });
    await put(
      'good',
      "module.exports = (context, cb) => cb(null, { schedule: context.body.schedule, line: 'a\\nb' });",
    );
    await put('bad', "module.exports = (cb) => cb(new Error('not today'));");
  });
  after(() => server.close());

  async function put(name: string, code: string): Promise<void> {
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
    for (const [path, body] of [
      [`/api/webtask/test/${name}`, { code }],
      [`/api/cron/test/${name}`, { schedule: '0 0 1 1 *', state: 'inactive' }],
    ] as const) {
      const answer = await ask(server.url + path, { method: 'PUT', headers, body: JSON.stringify(body) });
      expect(answer.status, answer.body).to.equal(200);
    }
  }
  const run = (...args: string[]) =>
    runProgram('webtask', ['cron', 'run', ...args, '--server', `${server.url}/`], { env: { WEBTASK_TOKEN: token } });

  it('runs a job now, and prints how it ended and what it answered', async () => {
    const { status, stdout, stderr } = await run('test/good');
    expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' });
    expect(stdout.replace(/\d+ ms/, 'N ms')).to.equal(
      'test/good: success with HTTP 200 in N ms\n{"schedule":"0 0 1 1 *","line":"a\\nb"}\n',
    );
  });

  it('takes the container on its own, and prints the result with --json, which is in the history too', async () => {
    const { status, stdout } = await run('good', '--container', 'test', '--json');
    expect(status).to.equal(0);
    const result = JSON.parse(stdout);
    expect(result).to.include({ type: 'success', statusCode: 200 });
    const headers = { Authorization: `Bearer ${token}` };
    const { body } = await ask(`${server.url}/api/cron/test/good/history`, { headers });
    expect((JSON.parse(body) as object[])[0]).to.deep.equal(result);
  });

  it('ends with 3 where the run failed', async () => {
    const { status, stdout } = await run('test/bad');
    expect(status).to.equal(3);
    expect(stdout)
      .to.include('not today')
      .and.to.match(/^test\/bad: error with HTTP 400 in \d+ ms\n\{/);
  });

  it('says what is wrong where there is nothing to run', async () => {
    expect(await run('test/none')).to.deep.equal({
      status: 2,
      stdout: '',
      stderr: `webtask cron run: The server ${server.url} does not run the cron job test/none: there is no cron job \`none\` in \`test\`. Check its container and name, and that the token may manage this container. [CRON_RUN_REFUSED]\n`,
    });
    expect(await run('test/')).to.deep.equal({
      status: 2,
      stdout: '',
      stderr: 'webtask cron run: "test/" names no cron job. Write NAME, or CONTAINER/NAME. [CRON_JOB_UNNAMED]\n',
    });
  });

  it('says that it needs a token, and where to get one', async () => {
    expect(await runProgram('webtask', ['cron', 'run', 'test/good', '--server', server.url])).to.deep.equal({
      status: 2,
      stdout: '',
      stderr:
        'webtask cron run: No token was given to run the cron job test/good with. Pass --token or set WEBTASK_TOKEN. Beside the data folder of the server, this prints one: webtask token mint --container test [CRON_WITHOUT_TOKEN]\n',
    });
  });

  it('ends with 1 where no server answers', async () => {
    const args = ['cron', 'run', 'test/good', '--server', 'http://127.0.0.1:9', '--token', token];
    const { status, stderr } = await runProgram('webtask', args);
    expect(status).to.equal(1);
    expect(stderr).to.match(
      /^webtask cron run: The cron job test\/good cannot be run on http:\/\/127\.0\.0\.1:9: .+\. Check --server, and that the server runs\. \[CRON_RUN_UNREACHABLE\]\n$/,
    );
  });
});

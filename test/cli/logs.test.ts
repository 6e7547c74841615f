import { expect } from 'chai';
import { type Origin, startOrigin } from '../support/origin.ts';
import { runProgram } from '../support/program.ts';
import { startRunning } from '../support/running.ts';
import { runCode, startTestServer, type TestServer } from '../support/server.ts';

const CODE = "return cb => { console.log('one\\ntwo'); console.error('bad'); cb() }";

describe('webtask logs', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server.close());

  const start = (args: readonly string[], env: Record<string, string> = {}) =>
    startRunning('webtask', ['logs', ...args, '--server', server.url], { env });

  it('prints what happens, a line each, and says on stderr that it listens', async () => {
    const program = start(['test', '--token', server.sign()]);
    await program.until(/reading the logs/);
    await runCode(server, CODE);
    await program.until(/finished.*\n/);
    await program.kill();
    expect(program.stderr).to.equal(`reading the logs of test at ${server.url}; ctrl+c ends\n`);
    const lines = program.stdout.replaceAll(/\d\d:\d\d:\d\d\.\d\d\dZ/g, 'TIME').replaceAll(/\d+\.\d+ /g, 'ID ');
    expect(lines.replaceAll(/\d+( ?)(ms|MB)/g, 'N$1$2').replace(/request [\d.]+\n/, 'request ID\n')).to.equal(
      `TIME INFO  test: new webtask request ID
TIME INFO  test: one
    two
TIME ERROR test: bad
TIME INFO  test: finished webtask request ID with HTTP 200 in Nms (cold, CPU Nms, heap N MB)
`,
    );
  });

  it('prints records with --json, of the container and with the token that the environment says', async () => {
    const env = { WEBTASK_CONTAINER: 'test', WEBTASK_TOKEN: server.sign() };
    const program = start(['--json'], env);
    await program.until(/reading the logs/);
    await runCode(server, CODE);
    await program.until(/finished.*\n/);
    await program.kill();
    const records = program.stdout.trimEnd().split('\n');
    const messages = records.map((line) => (JSON.parse(line) as { msg: string }).msg.replace(/ \d+\.\d+.*/, ''));
    expect(messages).to.deep.equal(['new webtask request', 'one\ntwo', 'bad', 'finished webtask request']);
  });

  it('prints one webtask only where it is named', async () => {
    const program = start(['test', '--token', server.sign(), '--name', 'pay']);
    await program.until(/reading the logs/);
    await runCode(server, CODE);
    const token = await server.mint('pay.js', CODE, { jtn: 'pay' });
    await runCode(server, CODE, { headers: { Authorization: `Bearer ${token}` } });
    await program.until(/finished.*\n/);
    await program.kill();
    expect(program.stdout).to.include('INFO  pay: one').and.not.include(' test: ');
  });

  it('ends with 1 when the server ends the stream, whose last record says why', async () => {
    const program = start(['test', '--token', server.sign()]);
    await program.until(/reading the logs/);
    const { url } = server;
    await server.restart();
    expect(await program.ended).to.equal(1);
    expect(program.stdout).to.match(/^\S+Z WARN {2}test: this log stream was ended: the server stops\n$/);
    expect(program.stderr).to.equal(
      `reading the logs of test at ${url}; ctrl+c ends\nwebtask logs: The server ${url} ended the log stream of test. Run the command again; what happens meanwhile is not told. [LOGS_ENDED]\n`,
    );
  });

  describe('is refused', () => {
    let origin: Origin;
    before(async () => {
      origin = await startOrigin((_, res) => res.end('hello'));
    });
    after(() => origin.close());
    const refused = async (...args: string[]) => await runProgram('webtask', ['logs', ...args]);
    const failure = (status: number, line: string) => ({ status, stdout: '', stderr: `webtask logs: ${line}\n` });

    it('without a token, with the way to one', async () => {
      expect(await refused('shop')).to.deep.equal(
        failure(
          2,
          'No token was given to read the logs of shop with. Pass --token or set WEBTASK_TOKEN. Beside the data folder of the server, this prints one: webtask token mint --container shop [LOGS_WITHOUT_TOKEN]',
        ),
      );
    });

    it('by the server, in its words', async () => {
      const args = ['shop', '--server', server.url, '--token', server.sign()];
      expect(await refused(...args)).to.deep.equal(
        failure(
          2,
          `The server ${server.url} shows no logs of shop: not authorized to perform operation on tenant \`shop\`. Use a token that may manage this container. [LOGS_REFUSED]`,
        ),
      );
    });

    it('where no server is, or none of ours', async () => {
      const gone = await startOrigin(() => undefined);
      await gone.close();
      const { host } = new URL(gone.origin);
      expect(await refused('shop', '--server', gone.origin, '--token', 'a')).to.deep.equal(
        failure(
          1,
          `The logs of shop cannot be read from ${gone.origin}: connect ECONNREFUSED ${host}. Check --server, and that the server runs. [LOGS_UNREACHABLE]`,
        ),
      );
      expect(await refused('shop', '--server', origin.origin, '--token', 'a')).to.deep.equal(
        failure(
          1,
          `The logs of shop cannot be read from ${origin.origin}: it answered with nothing, and no records. Check --server, and that the server runs. [LOGS_UNREACHABLE]`,
        ),
      );
    });
  });
});

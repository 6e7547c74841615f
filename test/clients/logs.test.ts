import { expect } from 'chai';
import { useBed } from './bed.ts';
import { loadSandboxjs, type Sandbox } from './sandbox.ts';

const CODE = "module.exports = (context, cb) => { console.log('said ' + context.query.n); cb(null, 'done'); };\n";

describe('wt logs, wt create --watch', function () {
  this.timeout(60_000);
  const bed = useBed();
  before(() => bed.ok(['create', '--name', 'talker'], { input: CODE }));

  it('48. wt logs prints what webtasks print, one line a call, at once', async () => {
    const logs = await bed.start(['logs']);
    await logs.says(/connected to streaming logs/);
    for (const n of ['1', '2', '3']) {
      await bed.call(`talker?n=${n}`);
      const calledAt = Date.now();
      await logs.says(new RegExp(`said ${n}\\b`));
      expect(Date.now() - calledAt).to.be.below(2000);
    }
    expect(await logs.interrupt()).to.equal(0);
  });

  it('48. wt logs --verbose prints the records', async () => {
    const logs = await bed.start(['logs', '--verbose']);
    await logs.says(/connected to streaming logs/);
    await bed.call('talker?n=4');
    await logs.says(/said 4/);
    expect(await logs.interrupt()).to.equal(0);
  });

  it('wt logs --raw crashes in the client itself, whatever the server sends', async () => {
    const { status, stderr } = await bed.wt(['logs', '--raw']);
    expect(status).to.equal(99);
    expect(stderr).to.include('logs.once is not a function');
  });

  it('wt logs without a token that the server accepts ends in exit code 7', async () => {
    const inline = ['--url', bed.url, '--container', 'other', '--token', bed.token];
    const { status, stderr } = await bed.wt(['logs', ...inline]);
    expect({ status, stderr }).to.deep.equal({
      status: 7,
      stderr: 'Error connecting to streaming log endpoint: Connection closed\n',
    });
  });

  it('wt create --watch creates the webtask again whenever its file changes, and shows its logs', async () => {
    bed.write('watched.js', "module.exports = (cb) => cb(null, 'first');\n");
    const watching = await bed.start(['create', 'watched.js', '--watch']);
    await watching.says(/Webtask created: http\S+\/api\/run\/dev\/watched/);
    expect((await bed.call('watched')).text).to.equal('"first"');
    bed.write('watched.js', "module.exports = (cb) => { console.log('seen'); cb(null, 'second'); };\n");
    await watching.says(/Webtask created.*Webtask created/s);
    expect((await bed.call('watched')).text).to.equal('"second"');
    await watching.says(/seen/);
    await watching.interrupt();
  });
});

describe('sandboxjs: logs', function () {
  this.timeout(60_000);
  const bed = useBed();
  let sandbox: Sandbox;
  before(() => {
    sandbox = loadSandboxjs().init({ url: bed.url, container: 'dev', token: bed.token });
  });

  it('71. createLogStream emits records with what was printed', async () => {
    const webtask = await sandbox.create("module.exports = (cb) => { console.log('from the log'); cb(); };", {
      name: 'talker',
    });
    const stream = sandbox.createLogStream();
    await new Promise<void>((resolve) => stream.once('open', resolve));
    const printed = new Promise<Record<string, unknown>>((resolve) => {
      stream.on('data', (record) => {
        if (record.msg === 'from the log') resolve(record);
      });
    });
    const again = setInterval(() => void webtask.run(), 250); // it is open before the server has it
    const record = await printed;
    clearInterval(again);
    expect(record).to.include.keys('name', 'level', 'msg', 'time', 'v');
    stream.once('error', () => {}); // it says so when it is closed
    stream.destroy();
  });
});

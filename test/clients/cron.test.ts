import { expect } from 'chai';
import { useBed } from './bed.ts';
import { failure, loadSandboxjs, type Sandbox } from './sandbox.ts';
import { startUnpkg } from './unpkg.ts';

const CODE = 'module.exports = (context, cb) => cb(null, { name: context.body && context.body.name });\n';

describe('wt cron', function () {
  this.timeout(60_000);
  const bed = useBed();
  const get = async (name: string) => JSON.parse(await bed.ok(['cron', 'get', name, '-o', 'json']));
  const lines = (stdout: string): string[] => stdout.split('\n').filter((line) => !line.startsWith('Next run:'));

  before(() => bed.write('job.js', CODE));

  it('49. wt cron create --schedule 5m creates the webtask and its job', async () => {
    const stdout = await bed.ok(['cron', 'create', '--schedule', '5m', '--no-auth', '--meta', 'k=v', 'job.js']);
    expect(stdout).to.match(/^Next run: {4}\d\d\/\d\d\/\d{4} \d{1,2}:\d\d:\d\d [AP]M UTC$/m);
    const { schedule } = await get('job');
    expect(schedule).to.match(/^(\*|\d)(-59)?\/5 \* \* \* \*$/);
    expect(lines(stdout)).to.deep.equal([
      'Name:        job',
      'State:       active',
      'Container:   dev',
      `Schedule:    ${schedule}`,
      'Timezone:    UTC',
      'Meta.k:      v',
      '',
    ]);
    expect((await bed.call('job')).status).to.equal(200);
  });

  it('49. --tz and --state are kept', async () => {
    const options = ['--schedule', '5 9 * * 2', '--tz', 'Europe/Rome', '--state', 'inactive', '--name', 'rome'];
    const stdout = await bed.ok(['cron', 'create', ...options, '--no-auth', 'job.js']);
    expect(stdout).to.match(/^Timezone: {4}Europe\/Rome$/m);
    expect(await get('rome')).to.include({ state: 'inactive', tz: 'Europe/Rome', schedule: '5 9 * * 2' });
  });

  it('49. wt cron ls lists the jobs, and filters by metadata', async () => {
    const names = (stdout: string): string[] => (JSON.parse(stdout) as { name: string }[]).map(({ name }) => name);
    expect(names(await bed.ok(['cron', 'ls', '-o', 'json']))).to.deep.equal(['job', 'rome']);
    expect(names(await bed.ok(['cron', 'ls', '-o', 'json', '--meta', 'k=v']))).to.deep.equal(['job']);
    expect(await bed.ok(['cron', 'ls']))
      .to.match(/^Name: {8}job$/m)
      .and.to.match(/^Name: {8}rome$/m);
  });

  it('49. wt cron get shows the job', async () => {
    expect(await bed.ok(['cron', 'get', 'rome'])).to.match(/^Name: {8}rome\nState: {7}inactive\nContainer: {3}dev\n/);
    const job = await get('job');
    expect(job).to.include({ name: 'job', container: 'dev', state: 'active', run_count: 0, error_count: 0 });
    expect(job.token).to.match(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(Date.parse(job.next_available_at)).to.be.above(Date.now());
  });

  it('49. wt cron history is empty before the first run', async () => {
    expect(await bed.ok(['cron', 'history', 'job'])).to.equal('');
    expect(await bed.ok(['cron', 'history', 'job', '-o', 'json'])).to.equal('[]\n');
  });

  it('49. wt cron reschedule changes schedule, state and time zone, and keeps the rest', async () => {
    const stdout = await bed.ok(['cron', 'reschedule', 'job', '--state', 'inactive']);
    expect(stdout)
      .to.match(/^State: {7}inactive$/m)
      .and.to.match(/^Meta\.k: {6}v$/m);
    await bed.ok(['cron', 'reschedule', 'job', '--schedule', '0 12 * * *', '--tz', 'Asia/Tokyo']);
    expect(await get('job')).to.include({ state: 'inactive', schedule: '0 12 * * *', tz: 'Asia/Tokyo' });
  });

  it('49. wt cron update changes the code and keeps the schedule', async () => {
    bed.write('job2.js', "module.exports = (cb) => cb(null, 'second');\n");
    const stdout = await bed.ok(['cron', 'update', 'job', 'job2.js']);
    expect(stdout).to.match(/^Schedule: {4}0 12 \* \* \*$/m);
    expect((await bed.call('job')).text).to.equal('"second"');
    expect(await get('job')).to.include({ state: 'inactive', schedule: '0 12 * * *', tz: 'Asia/Tokyo' });
  });

  it('49. wt cron rm removes the job', async () => {
    expect(await bed.ok(['cron', 'rm', 'job'])).to.equal('Successfully removed the scheduled webtask: job\n');
    const { status, stderr } = await bed.wt(['cron', 'rm', 'job']);
    expect({ status, stderr }).to.deep.equal({ status: 5, stderr: 'No such webtask: job\n' });
    expect((await bed.call('job')).status).to.equal(200); // the webtask stays
  });

  it('50. wt cron get and history of a job that is not there end in exit code 5', async () => {
    for (const command of ['get', 'history']) {
      const { status, stderr } = await bed.wt(['cron', command, 'missing']);
      expect({ status, stderr }).to.deep.equal({ status: 5, stderr: 'No such webtask: missing\n' });
    }
  });

  it('a schedule that cannot be read ends in exit code 2', async () => {
    const { status, stderr } = await bed.wt(['cron', 'create', '--schedule', '99 * * * *', '--no-auth', 'job.js']);
    expect(status).to.equal(2);
    expect(stderr).to.include('Invalid cron job; please check that the schedule is a valid cron schedule');
  });

  it('wt cron schedule says what took its place', async () => {
    const { status, stderr } = await bed.wt(['cron', 'schedule']);
    expect(status).to.equal(2);
    expect(stderr).to.include('deprecated');
  });
});

describe('wt cron create with authentication', function () {
  this.timeout(120_000);
  const bed = useBed();

  it('only the job itself may run the webtask, as the middleware that the client adds has it', async () => {
    const unpkg = await startUnpkg({
      '@webtask/middleware-compiler@^1.2.1': '1.3.0',
      '@webtask/cron-auth-middleware@^1.2.1': '1.2.1',
    });
    bed.write('guarded.js', "module.exports = (cb) => cb(null, 'ran');\n");
    const stdout = await bed.ok(['cron', 'create', '--schedule', '0 0 1 1 *', 'guarded.js'], { env: unpkg.env });
    await unpkg.close();
    expect(stdout)
      .to.match(/^State: {7}active$/m)
      .and.to.match(/^Meta\.wt-middleware: @webtask\/cron-auth-middleware$/m);
    expect((await bed.call('guarded', { method: 'POST' })).status).to.equal(401);
    const { token } = JSON.parse(await bed.ok(['cron', 'get', 'guarded', '-o', 'json']));
    const ran = await bed.call('guarded', { method: 'POST', headers: { authorization: `Bearer ${token}` } });
    expect({ status: ran.status, text: ran.text }).to.deep.equal({ status: 200, text: '"ran"' });
  });

  it('97. the job still succeeds after wt update, and its history says so', async () => {
    const fire = async (): Promise<unknown> => {
      const headers = { authorization: `Bearer ${bed.token}` };
      const { text } = await bed.call('', { method: 'POST', path: '/api/cron/dev/guarded/run', headers });
      const { type, statusCode, body } = JSON.parse(text) as Record<string, unknown>;
      return { type, statusCode, body };
    };
    expect(await fire()).to.deep.equal({ type: 'success', statusCode: 200, body: '"ran"' });
    bed.write('again.js', "module.exports = (cb) => cb(null, 'ran again');\n");
    const unpkg = await startUnpkg({
      '@webtask/middleware-compiler@1.3.0': '1.3.0',
      '@webtask/cron-auth-middleware@1.2.1': '1.2.1',
    });
    await bed.ok(['update', 'guarded', 'again.js'], { env: unpkg.env });
    await unpkg.close();
    expect((await bed.call('guarded', { method: 'POST' })).status).to.equal(401);
    expect(await fire()).to.deep.equal({ type: 'success', statusCode: 200, body: '"ran again"' });
    const history = await bed.ok(['cron', 'history', 'guarded']);
    expect(history.match(/^type: {14}success$/gm)).to.have.lengthOf(2);
    expect(history)
      .to.match(/^statusCode: {8}200$/m)
      .and.to.match(/^body: {14}"ran again"$/m);
    expect(await bed.ok(['cron', 'get', 'guarded'])).to.match(/^Last result: success$/m);
  });
});

describe('sandboxjs: cron jobs', function () {
  this.timeout(60_000);
  const bed = useBed();
  let sandbox: Sandbox;
  before(() => {
    sandbox = loadSandboxjs().init({ url: bed.url, container: 'dev', token: bed.token });
  });

  it('69. createCronJob, getHistory, setJobState, inspect and remove', async () => {
    const webtask = await sandbox.create(CODE, { name: 'job', secrets: { A: '1' } });
    const job = await webtask.createCronJob({ schedule: '0 0 1 1 *', meta: { k: 'v' } });
    expect(job).to.include({ name: 'job', state: 'active', url: webtask.url });
    expect(job.claims).to.include({ jtn: 'job' });
    expect(await job.getHistory()).to.deep.equal([]);
    await job.setJobState({ state: 'inactive' });
    expect((await sandbox.getCronJob({ name: 'job' })).state).to.equal('inactive');
    expect(await job.inspect({ decrypt: true })).to.deep.include({ ectx: { A: '1' } });
    expect((await sandbox.listCronJobs()).map(({ name }) => name)).to.deep.equal(['job']);
    await job.remove();
    expect(await failure(sandbox.getCronJob({ name: 'job' }))).to.include({ statusCode: 404 });
    expect(await failure(job.getHistory())).to.include({ statusCode: 404 });
  });
});

import { expect } from 'chai';
import { useServer } from './server.ts';

/** Answers with what it was run with. */
const ECHO = `module.exports = (context, req, res) => {
  let body = '';
  req.on('data', (chunk) => { body += chunk; });
  req.on('end', () => {
    const { method, headers } = req;
    res.setHeader('Content-Type', 'application/json');
    res.end(JSON.stringify({ method, type: headers['content-type'], bearer: headers.authorization, job: JSON.parse(body) }));
  });
};`;

/** As the original's cron-auth-middleware: only who has the webtask's own token gets in. */
const GUARDED = `module.exports = (context, req, res) => {
  res.statusCode = req.headers.authorization === 'Bearer ' + context.token ? 200 : 401;
  res.end('VERSION');
};`;

interface Result {
  readonly type: string;
  readonly statusCode: number;
  readonly scheduled_at: string;
  readonly started_at: string;
  readonly completed_at: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

describe('F. cron', function () {
  this.timeout(60_000); // over a hundred runs
  const server = useServer({ env: { WEBTASK_QUOTA_CRON_JOBS: '10' } });
  const JOB = { schedule: '0 0 1 1 *' };
  const put = (name: string, json: object = JOB) => server.call('PUT', `/api/cron/dev/${name}`, { json });
  const job = async (name: string) => (await server.call('GET', `/api/cron/dev/${name}`)).json();
  const fire = async (name: string): Promise<Result> =>
    (await server.call('POST', `/api/cron/dev/${name}/run`)).json() as Promise<Result>;
  const history = async (name: string, query = ''): Promise<Result[]> =>
    (await server.call('GET', `/api/cron/dev/${name}/history${query}`)).json() as Promise<Result[]>;
  const error = async (answer: Promise<Response>): Promise<unknown> => {
    const { code, message } = (await (await answer).json()) as { code: number; message: string };
    return { code, message };
  };

  describe('96. a job', () => {
    let token = '';
    before(async () => {
      token = await server.create('echo', ECHO, { ectx: { KEY: 'a-secret-value' } });
      expect((await put('echo', { ...JOB, tz: 'Europe/Rome', meta: { k: 'v' } })).status).to.equal(200);
    });
    after(() => server.call('DELETE', '/api/cron/dev/echo'));

    it('96. fires by POST with the job as JSON and the token of the webtask as the bearer', async () => {
      const { type, statusCode, body } = await fire('echo');
      expect({ type, statusCode }).to.deep.equal({ type: 'success', statusCode: 200 });
      const ran = JSON.parse(body);
      expect(ran).to.include({ method: 'POST', type: 'application/json' });
      // In a result nobody reads the token; the webtask did.
      expect(ran.bearer).to.equal('Bearer ***');
      expect(ran.job).to.include({ container: 'dev', name: 'echo', schedule: '0 0 1 1 *', tz: 'Europe/Rome' });
      expect(body).not.to.include(token);
    });

    it('96. keeps its results, newest first, each with type and status', async () => {
      const before = await history('echo');
      await fire('echo');
      const results = await history('echo');
      expect(results).to.have.lengthOf(before.length + 1);
      const [{ scheduled_at, started_at, completed_at, headers, body, ...result } = {} as Result] = results;
      expect(result).to.deep.equal({ type: 'success', statusCode: 200 });
      for (const time of [scheduled_at, started_at, completed_at]) expect(Date.parse(time)).to.be.above(0);
      expect(headers).to.include({ 'content-type': 'application/json' });
      expect(JSON.parse(body)).to.include({ method: 'POST' });
      const times = results.map((it) => it.started_at);
      expect(times).to.deep.equal([...times].sort().reverse());
      expect(await history('echo', '?offset=1&limit=1')).to.deep.equal(results.slice(1, 2));
      expect(await job('echo')).to.deep.include({ run_count: results.length, results: results.slice(0, 1) });
    });

    it('96. of a webtask that fails is recorded as an error', async () => {
      await server.create('failing', "module.exports = (cb) => cb(new Error('not today'));");
      await put('failing');
      const { type, statusCode, body } = await fire('failing');
      expect({ type, statusCode }).to.deep.equal({ type: 'error', statusCode: 400 });
      expect(JSON.parse(body)).to.include({ code: 400, message: 'not today' });
      expect(await job('failing')).to.include({ run_count: 0, error_count: 1 });
      await server.call('DELETE', '/api/cron/dev/failing');
    });

    it('96. keeps 100 results', async () => {
      for (let i = 0; i < 101; i++) await fire('echo');
      expect(await history('echo', '?limit=100')).to.have.lengthOf(100);
      expect(await history('echo', '?offset=100')).to.deep.equal([]);
    });

    it('96. that is not there is a 404, whatever is asked of it', async () => {
      const unknown = { code: 404, message: 'there is no cron job `none` in `dev`' };
      for (const [method, rest, json] of [
        ['GET', ''],
        ['DELETE', ''],
        ['GET', '/history'],
        ['PUT', '/state', { state: 'active' }],
        ['POST', '/run'],
      ] as const) {
        expect(await error(server.call(method, `/api/cron/dev/none${rest}`, { json })), method + rest).to.deep.equal(
          unknown,
        );
      }
    });

    it('96. beyond what a container may have is refused', async () => {
      if (!server.isOwn) return;
      const there = (await (await server.call('GET', '/api/cron/dev')).json()) as object[];
      const names = Array.from({ length: 10 - there.length }, (_, i) => `job-${i}`);
      for (const name of [...names, 'beyond']) await server.create(name, 'module.exports = (cb) => cb();');
      for (const name of names) expect((await put(name)).status).to.equal(200);
      expect(await error(put('beyond'))).to.deep.equal({
        code: 400,
        message: 'the container `dev` has 10 cron jobs, and cannot have more',
      });
      expect((await put('job-0', { ...JOB, state: 'inactive' })).status, 'a change of one').to.equal(200);
      for (const name of names) await server.call('DELETE', `/api/cron/dev/${name}`);
    });
  });

  it('96. a job goes with its webtask, and a webtask stays without its job', async () => {
    await server.create('gone', 'module.exports = (cb) => cb(null, 1);');
    await put('gone');
    await server.call('DELETE', '/api/cron/dev/gone');
    expect((await server.run('gone')).status).to.equal(200);
    await put('gone');
    await fire('gone');
    await server.call('DELETE', '/api/webtask/dev/gone');
    expect((await server.call('GET', '/api/cron/dev/gone')).status).to.equal(404);
    expect((await put('gone')).status, 'a job of no webtask').to.equal(404);
    await server.create('gone', 'module.exports = (cb) => cb(null, 1);');
    await put('gone');
    expect(await history('gone'), 'what another one left').to.deep.equal([]);
    await server.call('DELETE', '/api/webtask/dev/gone');
  });

  it('97. a job runs by the token that its webtask has now, after any update of that', async () => {
    const first = await server.create('guarded', GUARDED);
    await put('guarded', { ...JOB, token: first });
    expect(await fire('guarded')).to.include({ type: 'success', body: 'VERSION' });
    const second = await server.create('guarded', GUARDED.replace('VERSION', 'second'));
    expect(second).not.to.equal(first);
    expect((await server.run('guarded', { method: 'POST' })).status, 'anybody else').to.equal(401);
    expect(await fire('guarded')).to.include({ type: 'success', statusCode: 200, body: 'second' });
    expect(await job('guarded')).to.include({ token: second });
  });

  describe('a job that cannot be', () => {
    before(() => server.create('job', 'module.exports = (cb) => cb();'));
    const nbf = Math.floor(Date.now() / 1000);

    for (const [title, json, message] of [
      ['has no schedule', {}, "body must have required property 'schedule'"],
      ['has too few fields', { schedule: '* * * *' }, 'the schedule `* * * *` cannot be used: it has 4 fields'],
      [
        'has a minute that there is not',
        { schedule: '99 * * * *' },
        'the schedule `99 * * * *` cannot be used: Invalid value for minute: 99',
      ],
      [
        'has a day that there is not',
        { schedule: '0 0 31 2 *' },
        'the schedule `0 0 31 2 *` never comes: there is no such day',
      ],
      ['is in no time zone', { ...JOB, tz: 'Mars/Olympus' }, 'there is no time zone `Mars/Olympus`'],
      ['is in no state', { ...JOB, state: 'asleep' }, 'body/state must be equal to one of the allowed values'],
      [
        'has too much metadata',
        { ...JOB, meta: { k: 'v'.repeat(1025) } },
        'body/meta/k must NOT have more than 1024 characters',
      ],
      ['has the token of another webtask', { ...JOB, token: 'a.b.c' }, 'the `token` is not one of the webtask `job`'],
    ] as const) {
      it(`is refused: it ${title}`, async () => {
        expect(await error(put('job', json))).to.deep.equal({ code: 400, message });
      });
    }

    it('is refused: its token expires before it would run', async () => {
      const exp = nbf + 3600;
      await server.create('brief', 'module.exports = (cb) => cb();', { exp });
      const until = new Date(exp * 1000).toISOString();
      expect(await error(put('brief', { schedule: '0 0 29 2 *' }))).to.deep.equal({
        code: 400,
        message: `the schedule \`0 0 29 2 *\` never comes: the token of the webtask expires at ${until}`,
      });
      expect(await (await put('brief', { schedule: '*/5 * * * *' })).json()).to.include({ expires_at: until });
      await server.call('DELETE', '/api/cron/dev/brief');
    });
  });

  it('a token of another container manages no jobs here', async () => {
    const other = await server.call('PUT', '/api/cron/other/job', { json: JOB });
    expect(other.status).to.equal(403);
  });

  it('the state is set by body or query, and is active where neither says', async () => {
    await server.create('resting', 'module.exports = (cb) => cb();');
    await put('resting', { ...JOB, state: 'inactive' });
    const state = async (path: string, json?: object) =>
      ((await (await server.call('PUT', `/api/cron/dev/resting/state${path}`, { json })).json()) as { state: string })
        .state;
    expect(await state('')).to.equal('active');
    expect(await state('?state=inactive')).to.equal('inactive');
    expect(await state('', { state: 'active' })).to.equal('active');
    expect(await error(server.call('PUT', '/api/cron/dev/resting/state?state=asleep'))).to.deep.equal({
      code: 400,
      message: 'querystring/state must be equal to one of the allowed values',
    });
  });
});

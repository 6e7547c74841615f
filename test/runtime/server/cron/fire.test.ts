import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect } from 'chai';
import type { JobDescription } from '../../../../runtime/server/cron/describe-job.ts';
import { fireJob } from '../../../../runtime/server/cron/fire.ts';
import type { JobResult } from '../../../../runtime/server/cron/job.ts';
import type { RunTarget } from '../../../../runtime/server/run/request.ts';

const SCHEDULED = '2026-11-23T10:00:00.000Z';
const TOKEN = 'eyJhbGciOiJIUzI1NiJ9.eyJqdG4iOiJqb2IifQ.c2ln';
const DESCRIPTION: JobDescription = {
  container: 'a b',
  name: 'job',
  state: 'active',
  schedule: '* * * * *',
  tz: 'UTC',
  meta: {},
  repeat_interrupted: false,
  created_at: SCHEDULED,
  results: [],
  run_count: 0,
  error_count: 0,
  next_available_at: SCHEDULED,
  last_scheduled_at: null,
  cluster_url: 'https://wt.example.com:8443',
  token: TOKEN,
  expires_at: null,
};

type Run = (req: IncomingMessage, res: ServerResponse, target: RunTarget) => void;

/** Runs a job by a run path that is a function, with a limit of 100 ms. */
function fire(run: Run, secrets: Record<string, string> = {}, job = DESCRIPTION): Promise<JobResult> {
  let time = Date.parse('2026-11-23T10:00:01Z');
  return fireJob(job, SCHEDULED, {
    run: async (target, req, res) => run(req, res, target),
    secretsOf: async () => secrets,
    limitMs: 100,
    now: () => (time += 1000),
  });
}

describe('the run of a cron job', () => {
  it('is a POST of the job to its webtask, with the webtask’s token as the bearer', async () => {
    let asked: unknown;
    const result = await fire(async (req, res, target) => {
      let body = '';
      for await (const chunk of req) body += chunk;
      const { method, url, headers } = req;
      asked = { method, url, target, headers, body: JSON.parse(body) };
      res.writeHead(202, { 'X-One': '1', 'Set-Cookie': ['a=1', 'b=2'] }).end('done');
    });
    expect(asked).to.deep.equal({
      method: 'POST',
      url: '/api/run/a%20b/job',
      target: { container: 'a b', name: 'job', urlFormat: 1 },
      headers: {
        host: 'wt.example.com:8443',
        'content-type': 'application/json',
        'content-length': String(Buffer.byteLength(JSON.stringify(DESCRIPTION))),
        authorization: `Bearer ${TOKEN}`,
      },
      body: DESCRIPTION,
    });
    expect(result).to.deep.equal({
      scheduled_at: SCHEDULED,
      started_at: '2026-11-23T10:00:02.000Z',
      completed_at: '2026-11-23T10:00:03.000Z',
      type: 'success',
      statusCode: 202,
      headers: { 'x-one': '1', 'set-cookie': 'a=1, b=2' },
      body: 'done',
    });
  });

  for (const [status, type] of [
    [200, 'success'],
    [299, 'success'],
    [302, 'error'],
    [404, 'error'],
    [500, 'error'],
  ] as const) {
    it(`is ${type === 'success' ? 'a success' : 'an error'} with ${status}`, async () => {
      const { type: found, statusCode } = await fire((_req, res) => res.writeHead(status).end());
      expect({ found, statusCode }).to.deep.equal({ found: type, statusCode: status });
    });
  }

  it('shows no secret of the webtask and no token in its result, in body or headers', async () => {
    const { body, headers } = await fire(
      (_req, res) => res.writeHead(200, { 'X-Key': 'sk-12345' }).end(`sk-12345 ${TOKEN}`),
      {
        KEY: 'sk-12345',
      },
    );
    expect({ body, headers }).to.deep.equal({ body: '*** ***', headers: { 'x-key': '***' } });
  });

  it('shows no part of a secret where the body is cut', async () => {
    const { body } = await fire((_req, res) => res.end(`${'x'.repeat(8 * 1024 - 4)}sk-12345`), { KEY: 'sk-12345' });
    expect(body).to.equal(`${'x'.repeat(8 * 1024 - 4)}***`);
  });

  it('keeps the first 8 KB of an answer of any length, and no half of a character', async () => {
    const { body, type } = await fire((_req, res) => {
      for (let i = 0; i < 100; i++) res.write(`${i % 2 ? 'é' : 'x'}`.repeat(10_001));
      res.end();
    });
    expect(type).to.equal('success');
    expect(Buffer.byteLength(body)).to.equal(8 * 1024);
    const odd = await fire((_req, res) => res.end(`x${'é'.repeat(10_000)}`));
    expect(odd.body).to.equal(`x${'é'.repeat(4095)}`);
  });

  it('keeps headers as far as there is room', async () => {
    const { headers } = await fire((_req, res) =>
      res.writeHead(200, { A: 'a', B: 'b'.repeat(5000), C: 'c', __proto__x: '1' }).end(),
    );
    expect(headers).to.deep.equal({ a: 'a' });
  });

  it('without an answer is cut off at its limit, and is an error', async () => {
    const { type, statusCode, body } = await fire(() => undefined);
    expect({ type, statusCode, body }).to.deep.equal({
      type: 'error',
      statusCode: undefined,
      body: 'There was no answer within 100 ms.',
    });
  });

  it('whose answer never ends is cut off at its limit, is an error, and keeps what there was of it', async () => {
    const { type, statusCode, body } = await fire((_req, res) => res.writeHead(200).write('beginning'));
    expect({ type, statusCode, body }).to.deep.equal({ type: 'error', statusCode: 200, body: 'beginning' });
  });

  it('of a webtask that is not there any more has no bearer', async () => {
    const { token: _, ...job } = DESCRIPTION;
    const { body } = await fire((req, res) => res.writeHead(404).end(String(req.headers.authorization)), {}, job);
    expect(body).to.equal('undefined');
  });
});

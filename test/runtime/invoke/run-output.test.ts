import { expect } from 'chai';
import type { RunProblem } from '../../../runtime/invoke/index.ts';
import { run } from '../../support/webtask.ts';

describe('what a webtask prints', () => {
  it('arrives line by line, with the stream it went to', async () => {
    const lines: string[] = [];
    const onLine = (line: string, stream: string) => lines.push(`${stream}: ${line}`);
    await run(
      'return cb => { console.log("a\\nb"); console.error("c"); process.stdout.write("no end"); cb() }',
      {},
      { onLine },
    );
    expect(lines).to.deep.equal(['stdout: a', 'stdout: b', 'stderr: c', 'stdout: no end']);
  });

  it('is kept apart for runs at the same time', async () => {
    const lines: Record<string, string[]> = { one: [], two: [] };
    const code =
      'return (ctx, cb) => { console.log(ctx.data.n, 1); setTimeout(() => { console.log(ctx.data.n, 2); cb() }, 5) }';
    await Promise.all(
      ['one', 'two'].map((n) => run(code, { url: `/?n=${n}` }, { onLine: (line) => lines[n]?.push(line) })),
    );
    expect(lines).to.deep.equal({ one: ['one 1', 'one 2'], two: ['two 1', 'two 2'] });
  });
});

describe('a secret', () => {
  it('is masked in the errors that are sent to callers', async () => {
    const reply = await run(
      'return (ctx, cb) => cb(new Error("key is " + ctx.secrets.KEY))',
      {},
      { secrets: { KEY: 's3cr3t-value' } },
    );
    expect(JSON.parse(reply.body)).to.include({ details: 'Error: key is ***', message: 'key is ***' });
    expect(reply.body).not.to.include('s3cr3t-value');
  });

  it('that is read and was never given is reported in development only', async () => {
    const problems: RunProblem[] = [];
    await run('return (ctx, cb) => { ctx.secrets.APIKEY; cb() }', {}, { onProblem: (it) => problems.push(it) });
    expect(problems).to.deep.equal([]);
  });

  it('that is read and was never given is reported once, with the nearest name', async () => {
    const problems: RunProblem[] = [];
    await run(
      'return (ctx, cb) => { ctx.secrets.APIKEY; ctx.secrets.APIKEY; ctx.data.page; ctx.data.API_KEYS; ctx.params.x; cb(null, Object.keys(ctx.secrets)) }',
      {},
      { secrets: { API_KEY: 'a' }, onProblem: (it) => problems.push(it), hints: true },
    );
    expect(problems.map((it) => it.message)).to.deep.equal([
      'hello: context.secrets.APIKEY was read, but no secret of that name was given. Did you mean API_KEY?',
      'hello: context.data.API_KEYS was read, but no secret of that name was given. Did you mean API_KEY?',
      'hello: context.params.x was read, but no parameter of that name was given.',
    ]);
  });
});

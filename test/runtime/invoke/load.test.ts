import { expect } from 'chai';
import { WebtaskError } from '../../../runtime/errors.ts';
import { loadWebtask } from '../../../runtime/invoke/index.ts';
import { NOTHING_GIVEN } from '../../support/webtask.ts';

/** What is said while code is loaded, and a few turns later. */
async function linesOf(code: string): Promise<{ lines: string[]; outcome: unknown }> {
  const lines: string[] = [];
  const given = { ...NOTHING_GIVEN, secrets: { KEY: 's3cr3t-value' } };
  const outcome = await loadWebtask({ code, file: '/app/hello.js' }, given, {
    onLine: (line) => lines.push(line),
  }).catch((error: unknown) => error);
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  return { lines, outcome };
}

describe('a webtask that is loaded', () => {
  it('is ready to be called', async () => {
    const { lines, outcome } = await linesOf('return (ctx, cb) => cb(null, 1)');
    expect(outcome).to.include({ model: 'context', file: '/app/hello.js' });
    expect(lines).to.deep.equal([]);
  });

  it('has its lines for itself, also those that do not end', async () => {
    const { lines } = await linesOf('console.log("a\\nb"); process.stderr.write("c"); return cb => cb()');
    expect(lines).to.deep.equal(['a', 'b', 'c']);
  });

  it('says what its code throws later', async () => {
    const { lines } = await linesOf('setImmediate(() => { throw new Error("late") }); return cb => cb()');
    expect(lines).to.have.length(1);
    expect(lines[0]).to.match(/^\/app\/hello\.js was loaded when it threw Error: late\n/);
  });

  it('shows no secret where it cannot be compiled', async () => {
    const { outcome } = await linesOf('throw new Error("with " + module.webtask.secrets.KEY)');
    expect(outcome)
      .to.be.instanceOf(WebtaskError)
      .that.includes({ code: 'COMPILE_FAILED', message: 'Compilation failed: with ***' });
    expect(JSON.stringify(outcome)).not.to.include('s3cr3t-value');
  });
});

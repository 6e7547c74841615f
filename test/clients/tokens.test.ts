import { expect } from 'chai';
import { call, claimsOf, useBed } from './bed.ts';

const HELLO = "module.exports = function (cb) { cb(null, 'Hello'); };";

describe('wt token', function () {
  this.timeout(60_000);
  const bed = useBed();
  const issue = async (...args: string[]): Promise<string> => (await bed.ok(['token', 'create', ...args])).trim();
  const run = (token: string) => call(`${bed.url}/api/run/dev?key=${token}`);

  it('51. wt token create prints a token, and its claims may be numbers in text', async () => {
    const expires = Math.floor(Date.now() / 1000) + 3600;
    const limits = ['--lts', '5', '--ls', '7', '--exp', String(expires), '--nbf', String(expires - 7200)];
    const token = await issue('--ten', 'dev', '--code', HELLO, '--dd', '0', ...limits);
    expect(token).to.match(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(claimsOf(token)).to.include({ ten: 'dev', dd: 0, lts: 5, ls: 7, exp: expires, nbf: expires - 7200 });
    expect((await run(token)).text).to.equal('"Hello"');
  });

  it('51. secrets, parameters, code by URL and every other claim are taken', async () => {
    bed.write(
      'served/given.js',
      'module.exports = (ctx, cb) => cb(null, { s: ctx.secrets, p: ctx.params, d: ctx.data });',
    );
    const code = ['--code-url', `${bed.origin.origin}/given.js`, '--ectx', 'A=1, B=2', '--pctx', 'p=3'];
    const token = await issue(
      '--ten',
      'dev',
      '--dd',
      '1',
      '--dr',
      '--mb',
      '--pb',
      '1',
      ...code,
      '--claims',
      '{"ltm":100}',
    );
    expect(claimsOf(token)).to.deep.include({ dr: 1, mb: 1, pb: 1, dd: 1, ltm: 100, pctx: { p: '3' } });
    const { text } = await run(token);
    expect(JSON.parse(text)).to.deep.equal({ s: { A: '1', B: '2' }, p: { p: '3' }, d: { p: '3', A: '1', B: '2' } });
    expect(JSON.parse(await bed.ok(['token', 'create', '--ten', 'dev', '-o', 'json']))).to.be.a('string');
  });

  it('a refused claim ends in exit code 6 and the reason', async () => {
    const { status, stderr } = await bed.wt(['token', 'create', '--ten', 'other']);
    expect(status).to.equal(6);
    expect(stderr).to.match(/other|ten/);
    const unknown = await bed.wt(['token', 'create', '--ten', 'dev', '--claims', '{"nope":1}']);
    expect({ status: unknown.status, stderr: unknown.stderr }).to.deep.equal({
      status: 6,
      stderr: 'unsupported claim `nope`\n',
    });
  });

  it('52. wt token revoke: the token runs nothing afterwards', async () => {
    const token = await issue('--ten', 'dev', '--code', HELLO, '--dd', '0');
    const other = await issue('--ten', 'dev', '--code', HELLO, '--dd', '0');
    expect((await run(token)).status).to.equal(200);
    expect(await bed.ok(['token', 'revoke', token])).to.equal('Token revoked.\n');
    const { status, text } = await run(token);
    expect(status).to.equal(403);
    expect(JSON.parse(text)).to.include({ code: 403, message: 'token is revoked' });
    expect((await run(other)).status).to.equal(200);
    expect(await bed.ok(['token', 'revoke', other, '-o', 'json'])).to.equal('true\n');
  });

  it('wt token revoke of what is no token ends in exit code 6', async () => {
    const { status } = await bed.wt(['token', 'revoke', 'nonsense']);
    expect(status).to.equal(6);
  });

  it('a token that may issue is a profile of its own', async () => {
    const child = await issue('--ten', 'dev', '--dd', '1');
    const inline = ['--url', bed.url, '--container', 'dev', '--token', child];
    await bed.ok(['create', '--name', 'by-child', ...inline], { input: HELLO });
    expect((await bed.call('by-child')).text).to.equal('"Hello"');
    const barren = await issue('--ten', 'dev', '--dd', '0');
    const { status, stderr } = await bed.wt([
      'token',
      'create',
      '--ten',
      'dev',
      ...inline.slice(0, 4),
      '--token',
      barren,
    ]);
    expect({ status, stderr }).to.deep.equal({
      status: 6,
      stderr: 'The authentication webtask token cannot be used to issue new webtask tokens.\n',
    });
  });
});

import { expect } from 'chai';
import { call, useBed } from './bed.ts';

const CODE = 'module.exports = (context, cb) => cb(null, { secrets: context.secrets, query: context.query });\n';

describe('wt serve, wt --version', function () {
  this.timeout(60_000);
  const bed = useBed();
  before(() => bed.write('local.js', CODE));

  it('wt serve runs the same file on this machine', async () => {
    const serving = await bed.start(['serve', 'local.js', '--port', '0', '--secret', 'A=1']);
    const [, port] = await serving.says(/Your webtask is now listening for IPv4 traffic on 127\.0\.0\.1:(\d+)/);
    const local = await call(`http://127.0.0.1:${port}/?q=1`);
    await serving.interrupt();
    await bed.ok(['create', 'local.js', '--secret', 'A=1']);
    const remote = await bed.call('local?q=1');
    expect(JSON.parse(local.text)).to.deep.equal({ secrets: { A: '1' }, query: { q: '1' } });
    expect(JSON.parse(remote.text)).to.deep.equal(JSON.parse(local.text));
  });

  it('wt --version is the version that these tests are for', async () => {
    expect(await bed.ok(['--version'])).to.equal('11.0.2\n');
  });
});

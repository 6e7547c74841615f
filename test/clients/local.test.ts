import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { call, useBed } from './bed.ts';

const CODE = 'module.exports = (context, cb) => cb(null, { secrets: context.secrets, query: context.query });\n';

describe('wt serve, wt debug, wt --version', function () {
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

  it('wt serve takes metadata and parameters, and keeps storage in a file, as the server does under a name', async () => {
    const code = `module.exports = (context, cb) => context.storage.get((error, n = 0) =>
      context.storage.set(n + 1, (failed) => cb(failed, [n, context.meta, context.params])));\n`;
    bed.write('counter.js', code);
    const settings = ['--param', 'p=1', '--meta', 'm=2'];
    const serving = await bed.start([
      'serve',
      'counter.js',
      '--port',
      '0',
      ...settings,
      '--storage-file',
      'stored.json',
    ]);
    const [, port] = await serving.says(/Your webtask is now listening for IPv4 traffic on 127\.0\.0\.1:(\d+)/);
    await bed.ok(['create', 'counter.js', ...settings]);
    for (const n of [0, 1]) {
      const { text } = await call(`http://127.0.0.1:${port}/`);
      expect(JSON.parse(text)).to.deep.equal([n, { m: '2' }, { p: '1' }]);
      expect(JSON.parse((await bed.call('counter')).text)).to.deep.equal(JSON.parse(text));
    }
    await serving.interrupt();
    expect(JSON.parse(readFileSync(join(bed.home, 'stored.json'), 'utf8'))).to.equal(2);
  });

  it('wt debug serves it under the debugger of Node', async () => {
    const debugging = await bed.start(['debug', 'local.js', '--port', '0'], {
      env: { NODE_OPTIONS: '--inspect-port=0' },
    });
    await debugging.says(/Debugger listening on ws:/);
    const [, port] = await debugging.says(/Your webtask is now listening for IPv4 traffic on 127\.0\.0\.1:(\d+)/);
    const { text } = await call(`http://127.0.0.1:${port}/?q=1`);
    expect(JSON.parse(text)).to.deep.equal({ secrets: {}, query: { q: '1' } });
    await debugging.interrupt();
  });

  it('wt --version is the version that these tests are for', async () => {
    expect(await bed.ok(['--version'])).to.equal('11.0.2\n');
  });
});

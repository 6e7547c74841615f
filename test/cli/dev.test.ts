import { renameSync, unlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { untilNoticed, useDev } from '../support/dev.ts';
import { connectInspector } from '../support/inspector.ts';
import { ask } from '../support/server.ts';

const WATCHING = 'watching for changes; ctrl+c ends';

describe('webtask dev', () => {
  const dev = useDev();
  const { start } = dev;
  const get = async (path: string) => (await dev.get(path)).body;
  const reloads = () => dev.program.stdout.split('\n').filter((line) => line.startsWith('reloaded'));
  /** Changes a file, and waits until that was noticed. */
  const change = async (file: string, text: string): Promise<void> => {
    dev.project.write(file, text);
    await noticed(file);
  };
  const noticed = (file: string, times?: number) => untilNoticed(dev.program, file, times);

  it('prints each webtask’s URL, and its secrets by name and source, never by value', async () => {
    await start(
      {
        'package.json':
          '{ "webtasks": { "b": { "secrets": ["ONE", "TWO"] }, "c": { "secrets": ["THREE"] }, "d": { "secrets": [] } } }',
        '.env': 'ONE=value-one\nTWO=value-two\nWEBTASK_HOST=192.0.2.1\n',
        'webtasks/a.js': '',
        'webtasks/b.js': '',
        'webtasks/c.ts': '',
        'webtasks/d.js': '',
        'webtasks/d.test.js': '',
      },
      [],
      { TWO: 'value-two-of-the-environment' },
    );
    expect(dev.program.stdout.replaceAll(dev.url, 'URL')).to.equal(`URL/a  (ONE from .env, TWO from environment)
URL/b  (ONE from .env, TWO from environment)
URL/c  (The secret THREE is neither in the environment nor in .env.)
URL/d  (no secrets)
${WATCHING}
`);
    dev.program.signal('SIGTERM');
    expect([await dev.program.ended, dev.program.stderr]).to.deep.equal([0, '']);
  });

  it('serves the files that are named, wherever they are', async () => {
    await start({ 'webtasks/a.js': '', 'other/b.js': 'return cb => cb(null, "b")' }, ['other/b.js']);
    expect(dev.program.stdout.replaceAll(dev.url, 'URL')).to.equal(`URL/b  (no secrets)\n${WATCHING}\n`);
    expect(await get('/b')).to.equal('"b"');
  });

  it('reloads what is saved, once', async () => {
    await start({ 'webtasks/a.js': 'return cb => cb(null, 1)' });
    expect(await get('/a')).to.equal('1');
    await change('webtasks/a.js', 'return cb => cb(null, 2)');
    expect(await get('/a')).to.equal('2');
    // As many editors save: a new file takes the place of the old one.
    dev.project.write('webtasks/a.js~', 'return cb => cb(null, 3)');
    renameSync(join(dev.project.folder, 'webtasks/a.js~'), join(dev.project.folder, 'webtasks/a.js'));
    await noticed('webtasks/a.js', 2);
    expect(await get('/a')).to.equal('3');
    await change('package.json', '{}');
    expect(reloads()).to.deep.equal([
      'reloaded after a change of webtasks/a.js',
      'reloaded after a change of webtasks/a.js',
      'reloaded after a change of package.json',
    ]);
  });

  it('reloads what webtasks require: CommonJS, ES modules and TypeScript', async () => {
    await start({
      'webtasks/all.ts': `
        import { a } from '../lib/a.js';
        import { b } from '../lib/b.mjs';
        import c = require('../lib/c.cjs');
        import { d } from '../lib/d.ts';
        import e from '../lib/e.json';
        export default (cb: (e: null, r: unknown) => void) => cb(null, [a, b, c, d, e, d.meta]);`,
      'lib/a.js': 'export { a } from "./deep.js"',
      'lib/deep.js': 'export const a = 1',
      'lib/b.mjs': 'export const b = 1',
      'lib/c.cjs': 'module.exports = 1',
      'lib/d.ts': 'export const d = { n: 1 as number, meta: import.meta.url.slice(-8) }',
      'lib/e.json': '1',
    });
    const all = async () => JSON.parse(await get('/all')).map((it: { n?: number }) => it.n ?? it);
    expect(await all()).to.deep.equal([1, 1, 1, 1, 1, 'lib/d.ts']);
    await change('lib/deep.js', 'export const a = 2');
    await change('lib/b.mjs', 'export const b = 2');
    await change('lib/c.cjs', 'module.exports = 2');
    await change('lib/d.ts', 'export const d = { n: 2 as number, meta: "" }');
    await change('lib/e.json', '2');
    expect(await all()).to.deep.equal([2, 2, 2, 2, 2, '']);
    dev.project.write('lib/b.mjs', 'export const b = ;');
    await noticed('lib/b.mjs', 2);
    expect(JSON.parse(await get('/all')).message).to.equal(
      `Compilation failed: Unexpected ";" (${join(dev.project.folder, 'lib/b.mjs')}:1)`,
    );
  });

  it('reloads the last of several versions that are saved at once, and says in one line what was saved together', async () => {
    await start({ 'webtasks/a.js': '', 'webtasks/b.js': '' });
    for (let i = 0; i <= 20; i++) {
      dev.project.write('webtasks/a.js', `return cb => cb(null, ${i})`);
      dev.project.write('webtasks/b.js', `return cb => cb(null, ${i})`);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await dev.program.until(/^reloaded after a change of webtasks\/[ab]\.js and 1 more$/m);
    expect([await get('/a'), await get('/b')]).to.deep.equal(['20', '20']);
  });

  it('serves a new file, says so, and gives up one that is gone', async () => {
    await start({ 'webtasks/a.js': '' });
    await change('webtasks/new.js', 'return cb => cb(null, "new")');
    expect(await get('/new')).to.equal('"new"');
    unlinkSync(join(dev.project.folder, 'webtasks/new.js'));
    await noticed('webtasks/new.js', 2);
    expect((await ask(`${dev.url}/new`)).status).to.equal(404);
  });

  it('takes secrets from an .env that comes later, and changes', async () => {
    await start({ 'webtasks/a.js': 'return (ctx, cb) => cb(null, ctx.secrets)' });
    expect(await get('/a')).to.equal('{}');
    await change('.env', 'API_KEY=1');
    expect(await get('/a')).to.equal('{"API_KEY":"1"}');
    dev.project.write('.env', 'API_KEY=2');
    await noticed('.env', 2);
    expect(await get('/a')).to.equal('{"API_KEY":"2"}');
  });

  it('does not reload for packages, its own data, and files that are no code', async () => {
    await start({ 'webtasks/a.js': '', '.webtask/x.json': '', 'README.md': '' });
    dev.project.write('.webtask/x.json', '1');
    dev.project.write('node_modules/x/index.js', '');
    dev.project.write('README.md', '1');
    await change('webtasks/a.js', 'return cb => cb()');
    expect(reloads()).to.deep.equal(['reloaded after a change of webtasks/a.js']);
  });

  it('stops at a breakpoint that was set by file and line, also after a reload, where webtasks run in its own process', async () => {
    const code = 'return (ctx, cb) => {\n  const sum = 1;\n  cb(null, sum);\n}';
    const args = ['--isolation', 'inline', '--limit', '0'];
    await start({ 'webtasks/a.js': code }, args, { NODE_OPTIONS: '--inspect=0' });
    const [, ws = ''] = await dev.program.until(/Debugger listening on (ws:\S+)/);
    const inspector = await connectInspector(ws);
    await inspector.send('Debugger.enable');
    const file = pathToFileURL(join(dev.project.folder, 'webtasks/a.js')).href;
    const { breakpointId } = await inspector.send('Debugger.setBreakpointByUrl', { url: file, lineNumber: 2 });
    for (const sum of ['1', '2']) {
      const answer = get('/a');
      expect((await inspector.event('Debugger.paused')).hitBreakpoints).to.deep.equal([breakpointId]);
      await inspector.send('Debugger.resume');
      expect(await answer).to.equal(sum);
      await change('webtasks/a.js', code.replace('1', '2'));
    }
    inspector.close();
  });

  it('refuses two files of one name, which would have one URL', async () => {
    dev.begin({ 'webtasks/pay.js': '', 'webtasks/pay.ts': '' }, ['--port', '0']);
    expect([await dev.program.ended, dev.program.stdout, dev.program.stderr]).to.deep.equal([
      2,
      '',
      'webtask dev: Both pay.js and pay.ts would be at /pay. Rename one of them, or name the files to serve. [DEV_NAME_TWICE]\n',
    ]);
  });

  it('is refused on a port that is taken', async () => {
    const other = await new Promise<Server>((resolve) => {
      const server = createServer().listen(0, '127.0.0.1', () => resolve(server));
    });
    const { port } = other.address() as AddressInfo; // it listens on TCP
    dev.begin({ 'webtasks/a.js': '', '.env': `WEBTASK_PORT=${port}\n` }, []);
    expect([await dev.program.ended, dev.program.stdout, dev.program.stderr]).to.deep.equal([
      2,
      '',
      `webtask dev: Port ${port} is taken by another program. Choose another with --port, or --port 0 for any free one. [SERVE_PORT_TAKEN]\n`,
    ]);
    other.close();
  });
});

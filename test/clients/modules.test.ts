import { expect } from 'chai';
import { startOrigin } from '../support/origin.ts';
import { call, useBed } from './bed.ts';
import { startUnpkg, type Unpkg } from './unpkg.ts';

/** A module without dependencies. */
const MODULE = 'lodash';
const VERSION = '4.17.4';
const CODE = `module.exports = (cb) => cb(null, require('${MODULE}').VERSION);\n`;

describe('wt modules, --dependency, --middleware', function () {
  this.timeout(120_000);
  const bed = useBed();
  let unpkg: Unpkg;
  before(async () => {
    unpkg = await startUnpkg({
      [`${MODULE}@4.17.x`]: VERSION,
      [`${MODULE}@${VERSION}`]: VERSION,
      '@webtask/middleware-compiler@^1.2.1': '1.3.0',
      '@webtask/bearer-auth-middleware@*': '1.2.1',
    });
  });
  after(() => unpkg.close());
  const ok = (...args: string[]) => bed.ok(args, { env: unpkg.env });

  async function meta(name: string): Promise<Record<string, string>> {
    return JSON.parse(await bed.ok(['inspect', name, '-o', 'json'])).meta;
  }

  it('wt modules add has the server provide the version that unpkg names', async () => {
    expect(await ok('modules', 'add', `${MODULE}@4.17.x`, '--wait')).to.equal(
      `Adding the following modules to the platform:\n  ${MODULE}@4.17.x\nModules added:\n  ${MODULE}@${VERSION}: available\n`,
    );
    expect(unpkg.requests).to.deep.equal([`/${MODULE}@4.17.x/package.json`]);
  });

  it('wt modules add of a module that unpkg does not know ends in exit code 5', async () => {
    const { status, stderr } = await bed.wt(['modules', 'add', 'no-such-module@1'], { env: unpkg.env });
    expect({ status, stderr }).to.deep.equal({
      status: 5,
      stderr: 'Error looking up module on npm that satisfies no-such-module@1.\n',
    });
  });

  it('54. wt modules versions lists versions without an Authorization header being sent', async () => {
    const listed = JSON.parse(await bed.ok(['modules', 'versions', MODULE, '-o', 'json']));
    expect(listed).to.deep.include({ name: MODULE, version: VERSION, state: 'available' });
    expect(await bed.ok(['modules', 'versions', MODULE])).to.match(/^4\.17\.4: available$/m);
    const anyone = await call(`${bed.url}/api/env/node/modules/${MODULE}`);
    expect(anyone.status).to.equal(200);

    const listener = await startOrigin((_req, res) => res.setHeader('content-type', 'application/json').end('[]'));
    await bed.ok(['modules', 'versions', MODULE, '--url', listener.origin]);
    await listener.close();
    expect(listener.requests.map(({ url, headers }) => [url, headers.authorization])).to.deep.equal([
      [`/api/env/node/modules/${MODULE}`, undefined],
    ]);
  });

  it('wt create --dependency: the program requires the version that was resolved', async () => {
    bed.write('dependent.js', CODE);
    const stdout = await ok('create', 'dependent.js', '-d', `${MODULE}@4.17.x`);
    expect(stdout).to.match(
      /^Resolving 1 module\.\.\.\nProvisioning 1 module\.\.\.\n(\* Hint: .*\n)?(.*\n)*lodash@4\.17\.4 is available\nWebtask created\n/,
    );
    expect(await meta('dependent')).to.deep.equal({ 'wt-node-dependencies': JSON.stringify({ [MODULE]: VERSION }) });
    expect((await bed.call('dependent')).text).to.equal(`"${VERSION}"`);
  });

  it('wt create takes the dependencies of a package.json beside the file', async () => {
    bed.write('packaged/package.json', JSON.stringify({ name: 'packaged', dependencies: { [MODULE]: VERSION } }));
    bed.write('packaged/index.js', CODE);
    await ok('create', 'packaged/index.js');
    expect((await bed.call('packaged')).text).to.equal(`"${VERSION}"`);
  });

  it('wt update keeps the dependencies', async () => {
    bed.write('dependent2.js', CODE.replace('.VERSION', ".VERSION + ' updated'"));
    await ok('update', 'dependent', 'dependent2.js');
    expect((await bed.call('dependent')).text).to.equal(`"${VERSION} updated"`);
  });

  it('wt create --middleware: the middleware runs before the program', async () => {
    bed.write('guarded.js', "module.exports = (cb) => cb(null, 'let in');\n");
    const secret = ['--secret', 'wt-auth-secret=open-sesame'];
    await ok('create', 'guarded.js', '--middleware', '@webtask/bearer-auth-middleware', ...secret);
    expect(await meta('guarded')).to.include({
      'wt-compiler': '@webtask/middleware-compiler',
      'wt-middleware': '@webtask/bearer-auth-middleware',
    });
    const refused = await bed.call('guarded');
    expect(refused.status).to.equal(401);
    expect(JSON.parse(refused.text)).to.include({ message: 'Unauthenticated extensibility point', statusCode: 401 });
    const letIn = await bed.call('guarded', { headers: { authorization: 'Bearer open-sesame' } });
    expect({ status: letIn.status, text: letIn.text }).to.deep.equal({ status: 200, text: '"let in"' });
  });
});

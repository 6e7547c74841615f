import { expect } from 'chai';
import type { Origin } from '../support/origin.ts';
import { startRegistry } from '../support/registry.ts';
import { useServer } from './server.ts';

/** What packages of that time did when they were loaded, and what Node has since taken away. */
const OLD_PACKAGE = `
const util = require('util'), os = require('os');
const fs = require('graceful-fs');
if (!util.isArray([]) || !util.isFunction(os.tmpDir) || typeof GLOBAL.setTimeout !== 'function') throw new Error('no');
module.exports = util._extend({ fs: fs.VERSION }, { text: new Buffer('b2xk', 'base64').toString() });`;

describe('F. modules', function () {
  this.timeout(60_000);
  let registry: Origin;
  const env: NodeJS.ProcessEnv = { PATH: process.env.PATH, HOME: process.env.HOME };
  before(async () => {
    registry = await startRegistry([
      { name: 'lodash', version: '4.17.4', code: "exports.VERSION = '4.17.4';" },
      { name: 'lodash', version: '3.0.0', code: "exports.VERSION = '3.0.0';" },
      { name: 'ms', version: '2.1.2', code: '' },
      { name: 'ms', version: '2.1.3', code: '' },
      { name: 'fake-kept', version: '1.0.0', code: "module.exports = 'kept';" },
      { name: 'fake-old', version: '0.1.0', code: OLD_PACKAGE, dependencies: { 'graceful-fs': '^3.0.0' } },
      { name: 'graceful-fs', version: '3.0.8', code: "throw new ReferenceError('primordials is not defined');" },
      { name: 'graceful-fs', version: '4.2.11', code: "exports.VERSION = '4.2.11';" },
    ]);
    env.npm_config_registry = registry.origin;
  });
  const server = useServer({ env, onError: () => undefined });
  /** Needs a server that fetches from the registry of these tests; what else is here is in the public one too. */
  const own = server.isOwn ? it : it.skip;
  after(() => registry.close());

  /** Creates a webtask with metadata, runs it, and gives status and text. */
  async function answer(code: string, meta: Record<string, string>): Promise<[number, string]> {
    await server.create('requiring', code, { meta });
    const response = await server.run('requiring');
    return [response.status, await response.text()];
  }
  const versions = (of: Record<string, string>) => ({ 'wt-node-dependencies': JSON.stringify(of) });

  it("21. require('name@version') loads that version, and plain names follow wt-node-dependencies, else the default", async () => {
    const code = "module.exports = cb => cb(null, [require('lodash@4.17.4').VERSION, require('lodash').VERSION]);";
    expect(await answer(code, versions({ lodash: '3.0.0' }))).to.deep.equal([200, '["4.17.4","3.0.0"]']);
    const plain = "module.exports = cb => cb(null, require('lodash').VERSION);";
    const [status, version] = await answer(plain, {});
    expect(status).to.equal(200);
    expect(version).to.match(/^"\d+\.\d+\.\d+"$/);
  });

  it("22. A missing module is a 400 Compilation failed: Cannot find module 'x'", async () => {
    const [status, body] = await answer("module.exports = require('no-such-module');", {});
    expect({ status, message: JSON.parse(body).message }).to.deep.equal({
      status: 400,
      message: "Compilation failed: Cannot find module 'no-such-module'",
    });
    const unknown = await answer("module.exports = require('no-such-module@1.2.3');", {});
    expect({ status: unknown[0], message: JSON.parse(unknown[1]).message }).to.deep.equal({
      status: 400,
      message: "Compilation failed: Cannot find module 'no-such-module@1.2.3': the registry does not have it.",
    });
  });

  it('54. The versions of a module are listed without an Authorization header', async () => {
    const response = await fetch(`${server.url}/api/env/node/modules/lodash`);
    expect(response.status).to.equal(200);
    expect(await response.json()).to.deep.include({ name: 'lodash', version: '4.17.4', state: 'available' });
    const scoped = await fetch(`${server.url}/api/env/node/modules/@none/such`);
    expect(await scoped.json()).to.deep.equal([]);
  });

  it('21. What a webtask will need is provided when it is created', async () => {
    await server.create('never-run', "module.exports = cb => cb(null, require('ms@2.1.2'))");
    const isThere = async (): Promise<boolean> => {
      const listed = await (await fetch(`${server.url}/api/env/node/modules/ms`)).json();
      return (listed as { version: string; state: string }[]).some(
        ({ version, state }) => version === '2.1.2' && state === 'available',
      );
    };
    while (!(await isThere())) await new Promise((resolve) => setTimeout(resolve, 50));
  });

  it('70. Modules that are asked for have a state each', async () => {
    const modules = [
      { name: 'lodash', version: '4.17.4' },
      { name: 'ms', version: '2.1.3' },
      { name: 'no-such-module', version: '9.9.9' },
    ];
    const ask = async (): Promise<string[]> => {
      const response = await server.call('POST', '/api/env/node/modules', { json: { modules } });
      expect(response.status).to.equal(200);
      const states = (await response.json()) as { name: string; version: string; state: string }[];
      expect(states.map(({ name, version }) => ({ name, version }))).to.deep.equal(modules);
      return states.map(({ state }) => state);
    };
    let states = await ask();
    while (states.includes('queued')) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      states = await ask();
    }
    expect(states).to.deep.equal(['available', 'available', 'failed']);
  });

  it('70. Modules are provided for credentials only, and reset for the whole cluster only', async () => {
    const json = { modules: [{ name: 'lodash', version: '4.17.4' }] };
    const nobody = await fetch(`${server.url}/api/env/node/modules`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(json),
    });
    expect(nobody.status).to.equal(403);
    expect((await server.call('POST', '/api/env/node/modules?reset=1', { json })).status).to.equal(403);
  });

  it('70. A request for modules that names none is refused in words', async () => {
    const many = Array.from({ length: 51 }, () => ({ name: 'lodash', version: '4.17.4' }));
    for (const json of [
      {},
      { modules: 'lodash' },
      { modules: [{ name: 'lodash' }] },
      { modules: many },
      { modules: [{ name: '../etc', version: '1.0.0' }] },
      { modules: [{ name: 'lodash', version: '^4' }] },
    ]) {
      const response = await server.call('POST', '/api/env/node/modules', { json });
      const body = (await response.json()) as Record<string, unknown>;
      expect(response.status, JSON.stringify(json)).to.equal(400);
      expect(body.code).to.equal(400);
      expect(body.message).to.be.a('string');
    }
    for (const name of ['.npm', '-x', 'a%00b', 'a/b/c']) {
      expect((await fetch(`${server.url}/api/env/node/modules/${name}`)).status, name).to.equal(400);
    }
  });

  own('21. What packages of that time need of Node, and Node has no more, is there for them', async () => {
    expect(await answer("module.exports = cb => cb(null, require('fake-old@0.1.0'));", {})).to.deep.equal([
      200,
      '{"fs":"4.2.11","text":"old"}',
    ]);
  });

  own('21. Without the registry, what was provided works, also after a restart, and what was not says so', async () => {
    const code = "module.exports = cb => cb(null, require('fake-kept@1.0.0'));";
    expect(await answer(code, {})).to.deep.equal([200, '"kept"']);
    await registry.close();
    await server.restart();
    expect(await answer(code, {})).to.deep.equal([200, '"kept"']);
    const [status, text] = await answer("module.exports = require('fake-never@1.0.0');", {});
    expect(status).to.equal(502);
    expect(JSON.parse(text).message).to.match(
      /^The module fake-never@1\.0\.0 is not on this server, and could not be fetched from the registry/,
    );
  });
});

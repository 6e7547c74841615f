import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { compileWebtask } from '../../../runtime/compile/index.ts';
import { createModules, type Modules } from '../../../runtime/modules/index.ts';
import type { Origin } from '../../support/origin.ts';
import { refusalOf } from '../../support/refusal.ts';
import { startRegistry } from '../../support/registry.ts';
import { NOTHING_GIVEN } from '../../support/webtask.ts';

const exporting = (value: unknown) => `module.exports = ${JSON.stringify(value)};`;

describe('providing npm packages', function () {
  this.timeout(60_000);
  let registry: Origin;
  let folder: string;
  let modules: Modules;
  const marker = () => join(folder, 'a-script-ran');

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'modules-'));
    const scripts = { install: `node -e "require('fs').writeFileSync('${marker()}', '')"` };
    registry = await startRegistry([
      { name: 'fake-one', version: '1.0.0', code: exporting('one 1.0.0') },
      { name: 'fake-one', version: '2.0.0', code: exporting('one 2.0.0') },
      { name: '@fake/scoped', version: '1.0.0', code: exporting('scoped') },
      { name: 'fake-slow', version: '1.0.0', code: exporting('slow'), delayMs: 1500 },
      { name: 'fake-script', version: '1.0.0', code: exporting('script'), more: { scripts } },
      { name: 'fake-damaged', version: '1.0.0', code: exporting('damaged'), isDamaged: true },
      {
        name: 'fake-parent',
        version: '1.0.0',
        code: 'module.exports = () => require("fake-one");',
        dependencies: { 'fake-one': '^1.0.0' },
      },
      // As middleware, and as what its users have beside it without a dependency on it.
      { name: 'fake-peer', version: '1.0.0', code: 'module.exports = () => require("fake-one");' },
      { name: 'lodash', version: '3.10.1', code: exporting('the lodash of that time') },
    ]);
    modules = createModules(join(folder, 'cache'), environment());
  });
  after(async () => {
    modules.close();
    await registry.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const environment = (url = registry.origin) => ({ PATH: process.env.PATH, HOME: folder, npm_config_registry: url });

  /** What code gives that is compiled with what is provided for it. */
  async function result(code: string, meta: Record<string, string> = {}, from: Modules = modules): Promise<unknown> {
    const source = { code, file: join(folder, 'webtask.js') };
    const modulePaths = await from.foldersFor({ ...source, meta, language: 'javascript' }, 'dev');
    const { run } = await compileWebtask({ ...source, modulePaths }, { ...NOTHING_GIVEN, meta });
    return run();
  }
  const tarballs = (name: string) => registry.requests.filter(({ url }) => url?.startsWith(`/${name}/-/`)).length;

  it('provides each version that code names, side by side', async () => {
    const code = "return cb => [require('fake-one@1.0.0'), require('fake-one@2.0.0'), require('@fake/scoped@1.0.0')];";
    expect(await result(code)).to.deep.equal(['one 1.0.0', 'one 2.0.0', 'scoped']);
  });

  it('provides what metadata declares in one tree, where each finds the others', async () => {
    const meta = { 'wt-node-dependencies': '{"fake-peer":"1.0.0","fake-one":"2.0.0"}' };
    expect(await result("return cb => require('fake-peer')();", meta)).to.equal('one 2.0.0');
  });

  it('provides the dependencies of a package', async () => {
    expect(await result("return cb => require('fake-parent@1.0.0')();")).to.equal('one 1.0.0');
  });

  it('provides the version that the original platform had, where none is declared', async () => {
    expect(await result("return cb => require('lodash');")).to.equal('the lodash of that time');
  });

  it('runs no script of a package', async () => {
    expect(await result("return cb => require('fake-script@1.0.0');")).to.equal('script');
    expect(existsSync(marker())).to.equal(false);
  });

  it('fetches a version once, for all who ask for it at the same time and later', async () => {
    const fresh = createModules(join(folder, 'coalesced'), environment());
    const code = "return cb => require('fake-slow@1.0.0');";
    const results = await Promise.all(Array.from({ length: 20 }, () => result(code, {}, fresh)));
    expect(new Set(results)).to.deep.equal(new Set(['slow']));
    await result(code, {}, fresh);
    expect(tarballs('fake-slow')).to.equal(1);
  });

  it('works from the cache where the registry cannot be reached, and names what is not there', async () => {
    const offline = createModules(join(folder, 'cache'), environment('http://127.0.0.1:1'));
    expect(await result("return cb => require('fake-one@1.0.0');", {}, offline)).to.equal('one 1.0.0');
    const { code, message } = await refusalOf(result("return cb => require('fake-new@1.0.0');", {}, offline));
    expect(code).to.equal('MODULE_UNAVAILABLE');
    expect(message).to.match(
      /^The module fake-new@1\.0\.0 is not on this server, and could not be fetched from the registry: .*ECONNREFUSED.*\.$/,
    );
  });

  it('says that the registry does not have a version', async () => {
    const { code, message } = await refusalOf(result("return cb => require('fake-one@9.9.9');"));
    expect({ code, message }).to.deep.equal({
      code: 'MODULE_UNKNOWN',
      message: "Compilation failed: Cannot find module 'fake-one@9.9.9': the registry does not have it.",
    });
  });

  it('refuses a package whose bytes have another hash than the registry says, and keeps nothing of it', async () => {
    expect(await refusalOf(result("return cb => require('fake-damaged@1.0.0');"))).to.include({
      code: 'MODULE_DAMAGED',
      message: 'The module fake-damaged@1.0.0 was refused: its bytes have another hash.',
    });
    expect(readdirSync(join(folder, 'cache'))).to.not.include('fake-damaged');
  });

  it('removes what a killed process has left behind an hour ago', async () => {
    const cache = join(folder, 'swept');
    for (const [name, minutes] of [
      ['.new-old', 61],
      ['.new-young', 59],
    ] as const) {
      mkdirSync(join(cache, name), { recursive: true });
      const at = Date.now() / 1000 - minutes * 60;
      utimesSync(join(cache, name), at, at);
    }
    await result("return cb => require('fake-one@1.0.0');", {}, createModules(cache, environment()));
    expect(readdirSync(cache).sort()).to.deep.equal(['.new-young', '.npm', 'fake-one']);
  });

  for (const version of ['^1.0.0', 'latest', '1', '../../etc', '--ignore-scripts=false']) {
    it(`refuses ${version} as the version of a module`, async () => {
      expect(await refusalOf(modules.request([{ name: 'fake-one', version }], false, 'dev'))).to.include({
        code: 'MODULE_INVALID',
        message: `fake-one@${version} names no package in one exact version.`,
      });
    });
  }

  for (const name of ['../x', '.npm', '-x', '@a/../b', 'a/b/c', '', 'git+ssh://x/y']) {
    it(`refuses ${name || 'nothing'} as the name of a module`, async () => {
      expect(await refusalOf(modules.request([{ name, version: '1.0.0' }], false, 'dev'))).to.include({
        code: 'MODULE_INVALID',
      });
    });
  }

  describe('asked for beforehand', () => {
    async function settled(name: string): Promise<unknown> {
      for (;;) {
        const states = await fresh.list(name);
        if (states.every(({ state }) => state !== 'queued')) return states;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
    let fresh: Modules;
    before(() => {
      fresh = createModules(join(folder, 'asked'), environment());
    });

    it('is queued, then available', async () => {
      const spec = { name: 'fake-one', version: '1.0.0' };
      expect(await fresh.list('fake-one')).to.deep.equal([]);
      expect(await fresh.request([spec], false, 'dev')).to.deep.equal([{ ...spec, state: 'queued' }]);
      expect(await settled('fake-one')).to.deep.equal([{ ...spec, state: 'available' }]);
      expect(await fresh.request([spec], false, 'dev')).to.deep.equal([{ ...spec, state: 'available' }]);
    });

    it('has failed for a minute, and then is tried again', async () => {
      const spec = { name: 'fake-one', version: '9.9.9' };
      await fresh.request([spec], false, 'dev');
      expect(await settled('fake-one')).to.deep.include({ ...spec, state: 'failed' });
      const { now } = performance;
      performance.now = () => now.call(performance) + 60_001;
      try {
        expect(await fresh.list('fake-one')).to.not.deep.include({ ...spec, state: 'failed' });
        expect(await fresh.request([spec], false, 'dev')).to.deep.equal([{ ...spec, state: 'queued' }]);
        await settled('fake-one');
      } finally {
        performance.now = now;
      }
    });

    it('is queued, then failed, and fetched again when it is reset', async () => {
      const spec = { name: 'fake-damaged', version: '1.0.0' };
      expect(await fresh.request([spec], false, 'dev')).to.deep.equal([{ ...spec, state: 'queued' }]);
      expect(await settled('fake-damaged')).to.deep.equal([{ ...spec, state: 'failed' }]);
      expect(await fresh.request([spec], false, 'dev')).to.deep.equal([{ ...spec, state: 'failed' }]);
      expect(await fresh.request([spec], true, 'dev')).to.deep.equal([{ ...spec, state: 'queued' }]);
      await settled('fake-damaged');
    });
  });
});

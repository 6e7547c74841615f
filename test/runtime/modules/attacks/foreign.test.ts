import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createModules, type Modules } from '../../../../runtime/modules/index.ts';
import { type Origin, startOrigin } from '../../../support/origin.ts';
import { refusalOf } from '../../../support/refusal.ts';
import { packPackage, startRegistry } from '../../../support/registry.ts';

describe('a package that depends on what is of no registry', function () {
  this.timeout(120_000);
  let folder: string;
  let cache: string;
  let neighbour: Origin;
  let registry: Origin;
  let modules: Modules;
  /** A package whose only dependency is this. */
  const needing = (name: string, dependency: string) => ({
    name,
    version: '1.0.0',
    code: 'module.exports = 1;',
    dependencies: { 'fake-dependency': dependency },
  });

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'modules-foreign-'));
    cache = join(folder, 'cache');
    const secret = packPackage({ name: 'fake-dependency', version: '1.0.0', code: 'module.exports = "secret";' });
    writeFileSync(join(folder, 'secret.tgz'), secret);
    writeFileSync(join(folder, 'no-archive.tgz'), 'no archive');
    mkdirSync(join(folder, 'secret'));
    writeFileSync(join(folder, 'secret', 'package.json'), '{"name":"fake-dependency","version":"1.0.0"}');
    neighbour = await startOrigin((_: IncomingMessage, res) => res.end(secret));
    registry = await startRegistry([
      { name: 'fake-one', version: '1.0.0', code: 'module.exports = "one";' },
      needing('fake-http', `${neighbour.origin}/latest/meta-data`),
      needing('fake-https', `${neighbour.origin.replace('http:', 'https:')}/x.tgz`),
      needing('fake-git-http', `git+${neighbour.origin}/x.git`),
      needing('fake-git', 'git://127.0.0.1:9/x.git'),
      needing('fake-git-ssh', 'git+ssh://git@127.0.0.1:9/x.git'),
      needing('fake-github', 'github:acme/x'),
      needing('fake-gist', 'gist:0123456789abcdef0123456789abcdef'),
      needing('fake-file', `file:${folder}/secret.tgz`),
      needing('fake-folder', `file:${folder}/secret`),
      needing('fake-no-file', `file:${folder}/none.tgz`),
      needing('fake-no-folder', `file:${folder}/none`),
      needing('fake-no-archive', `file:${folder}/no-archive.tgz`),
      needing('fake-alias', 'npm:fake-one@1.0.0'),
      needing('fake-parent', 'npm:fake-http@1.0.0'),
      { name: 'fake-moved', version: '1.0.0', code: '', movedTo: `${neighbour.origin}/moved.tgz` },
      { name: 'fake-elsewhere', version: '1.0.0', code: '', tarball: `${neighbour.origin}/elsewhere.tgz` },
      {
        name: 'fake-shrinkwrap',
        version: '1.0.0',
        code: '',
        dependencies: { 'fake-one': '1.0.0' },
        files: {
          'npm-shrinkwrap.json': JSON.stringify({
            name: 'fake-shrinkwrap',
            version: '1.0.0',
            lockfileVersion: 3,
            packages: {
              '': { name: 'fake-shrinkwrap', version: '1.0.0', dependencies: { 'fake-one': '1.0.0' } },
              'node_modules/fake-one': { version: '1.0.0', resolved: `${neighbour.origin}/shrinkwrapped.tgz` },
            },
          }),
        },
      },
    ]);
    modules = createModules(cache, { PATH: process.env.PATH, HOME: folder, npm_config_registry: registry.origin });
  });
  after(async () => {
    modules.close();
    await registry.close();
    await neighbour.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const provide = (name: string) =>
    modules.foldersFor(
      {
        code: `return cb => require('${name}@1.0.0');`,
        file: join(folder, 'webtask.js'),
        meta: {},
        language: 'javascript',
      },
      'dev',
    );

  it('is refused with its name, and nothing is asked of where it is', async () => {
    const { origin } = neighbour;
    const git = /^(?:a git repository|\S+:\S+)$/; // some versions of npm do not say which
    for (const [name, dependency] of [
      ['fake-http', `${origin}/latest/meta-data`],
      ['fake-https', origin.replace('http:', 'https:')],
      ['fake-parent', `${origin}/latest/meta-data`],
      ['fake-git-http', git],
      ['fake-git', git],
      ['fake-git-ssh', git],
      ['fake-github', git],
      ['fake-gist', git],
      ['fake-moved', `${origin}/moved.tgz`],
      ['fake-elsewhere', `${origin}/elsewhere.tgz`],
      ['fake-shrinkwrap', `${origin}/shrinkwrapped.tgz`],
    ] as const) {
      const { code, message } = await refusalOf(provide(name));
      const said =
        /^Compilation failed: The module (\S+) depends on (.+), which is of no registry that this server uses\.$/;
      const [, module, what = ''] = said.exec(message) ?? [];
      expect({ code, module }, message).to.deep.equal({ code: 'MODULE_FOREIGN', module: `${name}@1.0.0` });
      if (typeof dependency === 'string') expect(what).to.equal(dependency);
      else expect(what).to.match(dependency);
    }
    expect(neighbour.requests.length).to.equal(0);
  });

  it('is refused alike where it is a file or folder of the server, whether that is there or not', async () => {
    for (const name of ['fake-file', 'fake-folder', 'fake-no-file', 'fake-no-folder', 'fake-no-archive']) {
      const { code, message } = await refusalOf(provide(name));
      expect({ code, message }).to.deep.equal({
        code: 'MODULE_FOREIGN',
        message: `Compilation failed: The module ${name}@1.0.0 depends on a file or folder, which is of no registry that this server uses.`,
      });
    }
  });

  it('is kept nothing of', async () => {
    await refusalOf(provide('fake-file'));
    expect(readdirSync(cache).filter((it) => /^fake-(?!alias)|^\.new-/.test(it))).to.deep.equal([]);
  });

  it('is another thing than a package of the registry by another name, which is provided', async () => {
    expect(await provide('fake-alias')).to.deep.equal([join(cache, 'fake-alias', '1.0.0', 'node_modules')]);
  });
});

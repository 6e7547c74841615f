import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { findVersions } from '../../../runtime/build/dependencies.ts';
import { refusalOf } from '../../support/refusal.ts';

const PACKAGE = {
  dependencies: { lodash: '^4.0.0', '@acme/db': '^2.0.0', here: 'file:here', unlocked: '^1.0.0' },
  devDependencies: { '@aws-sdk/client-dynamodb': '^3.0.0' },
};
const LOCK = {
  lockfileVersion: 3,
  packages: {
    '': PACKAGE,
    'node_modules/lodash': { version: '4.17.21' },
    'node_modules/@acme/db': { version: '2.1.0' },
    'webtasks/node_modules/@acme/db': { version: '2.0.5' },
    'node_modules/@aws-sdk/client-dynamodb': { version: '3.600.0', dev: true },
    'node_modules/brought-along': { version: '1.0.0' },
    'node_modules/here': { resolved: 'here', link: true },
  },
};

describe('the exact versions of what a webtask requires', () => {
  let project: string;
  beforeEach(() => {
    project = realpathSync(mkdtempSync(join(tmpdir(), 'webtask-dependencies-')));
    mkdirSync(join(project, 'webtasks'));
    write('package.json', PACKAGE);
    write('package-lock.json', LOCK);
  });
  afterEach(() => rmSync(project, { recursive: true }));

  function write(name: string, content: unknown): void {
    writeFileSync(join(project, name), JSON.stringify(content));
  }
  const versions = (code: string) =>
    findVersions({
      code,
      language: 'javascript',
      folder: join(project, 'webtasks'),
      project,
      label: 'webtasks/pay.js',
    });

  it('are those of the lock file, also of development dependencies and of paths inside a package', async () => {
    expect(await versions("require('lodash/fp'); require('@aws-sdk/client-dynamodb');")).to.deep.equal({
      '@aws-sdk/client-dynamodb': '3.600.0',
      lodash: '4.17.21',
    });
  });

  it("come from the nearest folder, as Node's own search does", async () => {
    expect(await versions("require('@acme/db')")).to.deep.equal({ '@acme/db': '2.0.5' });
  });

  it('are not needed for what is built in, nor where the code names the version', async () => {
    expect(
      await versions("require('fs'); require('node:test'); require('jws@3.1.0'); require('@a/b@1.0.0/c');"),
    ).to.deep.equal({});
  });

  for (const module of ['./prices', '../prices.js', '/srv/prices', '.', '#prices']) {
    it(`are not asked for ${module}: a token names one file`, async () => {
      expect(await refusalOf(versions(`\nrequire('${module}')`))).to.deep.equal({
        code: 'BUILD_BESIDE',
        message: `webtasks/pay.js:2 requires '${module}', a file beside it. A token names one file, and a server fetches no other.`,
        fix: 'Move that code into the webtask, publish it as a package, or (a path that begins with a dot) upload the files as one with --bundle --cluster.',
      });
    });
  }

  it('are refused for a package that is not declared, although another one brings it along', async () => {
    for (const name of ['nowhere', 'brought-along']) {
      expect(await refusalOf(versions(`\n\nrequire('${name}/sub')`))).to.deep.equal({
        code: 'BUILD_UNDECLARED',
        message: `webtasks/pay.js:3 requires '${name}/sub', which package.json does not declare.`,
        fix: `Run npm install --save-dev ${name}, or name the version in the code: ${name}@1.2.3.`,
      });
    }
  });

  it('are refused where the lock file has none', async () => {
    expect(await refusalOf(versions("require('unlocked')"))).to.deep.equal({
      code: 'BUILD_UNLOCKED',
      message: "webtasks/pay.js:1 requires 'unlocked', whose exact version is unknown: it is not in package-lock.json.",
      fix: 'Run npm install and commit package-lock.json, or name the version in the code: unlocked@1.2.3.',
    });
    expect(await refusalOf(versions("require('here')"))).to.deep.include({
      message:
        "webtasks/pay.js:1 requires 'here', whose exact version is unknown: package-lock.json has a folder of this repository for it.",
    });
    rmSync(join(project, 'package-lock.json'));
    expect(await refusalOf(versions("require('lodash')"))).to.deep.include({
      message: "webtasks/pay.js:1 requires 'lodash', whose exact version is unknown: there is no package-lock.json.",
    });
  });

  it('are refused where the lock file cannot be read', async () => {
    const file = join(project, 'package-lock.json');
    write('package-lock.json', { lockfileVersion: 1, dependencies: {} });
    expect(await refusalOf(versions("require('lodash')"))).to.deep.equal({
      code: 'BUILD_LOCK_INVALID',
      message: `${file} cannot be used: its lockfileVersion is 1; 2 and 3 are read.`,
      fix: 'Run: npm install',
    });
    writeFileSync(file, '{');
    expect((await refusalOf(versions("require('lodash')"))).code).to.equal('BUILD_LOCK_INVALID');
  });

  it('are all undeclared in a folder without package.json', async () => {
    rmSync(join(project, 'package.json'));
    expect((await refusalOf(versions("require('lodash')"))).code).to.equal('BUILD_UNDECLARED');
    expect(await versions("require('fs')")).to.deep.equal({});
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type NpmSettings, readNpmSettings } from '../../../runtime/modules/npm-settings.ts';
import { refusalOf } from '../../support/refusal.ts';

describe('where npm may go', function () {
  this.timeout(30_000);
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'webtask-npm-'));
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  const read = (npmrc: string, env: Record<string, string> = {}): Promise<NpmSettings> => {
    writeFileSync(join(home, '.npmrc'), npmrc);
    return readNpmSettings(home, { PATH: process.env.PATH, HOME: home, ...env }, () => undefined);
  };
  const through = ({ proxyOf }: NpmSettings, url: string) => proxyOf(new URL(url))?.href;

  it('is the registry that it is set to and those of scopes, through the proxies of its files', async () => {
    const settings = await read(
      `registry=https://npm.example/a/
@acme:registry=http://acme.example:4873
//npm.example/:_authToken=secret
https-proxy=http://secure.example:3128
proxy=http://plain.example:3128
noproxy=acme.example,.inside.example
`,
      { HTTPS_PROXY: 'http://env.example:1' },
    );
    expect([...settings.registries].sort()).to.deep.equal(['http://acme.example:4873', 'https://npm.example']);
    expect([
      through(settings, 'https://npm.example'),
      through(settings, 'http://npm.example'),
      through(settings, 'http://acme.example:4873'),
      through(settings, 'https://a.inside.example'),
    ]).to.deep.equal(['http://secure.example:3128/', 'http://plain.example:3128/', undefined, undefined]);
  });

  it('is through the proxies of the environment otherwise, which may have passwords', async () => {
    const env = { HTTPS_PROXY: 'http://me:pass@env.example:3128', NO_PROXY: 'acme.example' };
    const settings = await read('', { ...env, npm_config_registry: 'https://npm.example' });
    expect([...settings.registries]).to.deep.equal(['https://npm.example']);
    expect([through(settings, 'https://npm.example'), through(settings, 'https://acme.example')]).to.deep.equal([
      'http://me:pass@env.example:3128/',
      undefined,
    ]);
  });

  it('is not known where npm keeps a proxy for itself, and then nothing is fetched', async () => {
    expect(await refusalOf(read('https-proxy=http://me:pass@secure.example:3128\n'))).to.deep.equal({
      code: 'MODULES_NPM',
      message: 'npm does not say where its registry is: its setting https-proxy has a password, which it tells nobody.',
      fix: 'Run npm config list as the user of the server; give a proxy that has a password as HTTPS_PROXY, not in a file.',
    });
  });
});

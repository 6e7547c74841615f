import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { npmEnvironment, runNpm } from '../../../runtime/modules/npm.ts';
import { skipUnlessFilesAreCounted, withFilesLeft } from '../../support/files-left.ts';

describe('npm as a child process', () => {
  it('finds its registry, proxies and certificates, and no secret of the server', () => {
    const kept = { PATH: '/bin', HTTPS_PROXY: 'http://p', npm_config_registry: 'http://r', NODE_EXTRA_CA_CERTS: 'c' };
    const secret = {
      WEBTASK_SIGNING_KEY: 'k',
      AWS_SECRET_ACCESS_KEY: 'a',
      aws_session_token: 't',
      NODE_OPTIONS: '-r x',
    };
    expect(npmEnvironment({ ...kept, ...secret })).to.deep.equal(kept);
  });

  it('says what npm calls its error, and its words', async function () {
    this.timeout(30_000);
    const started: unknown[] = [];
    const home = mkdtempSync(join(tmpdir(), 'webtask-npm-')); // npm needs one that it may write to
    const args = ['install', '--no-such-command-here', '--offline', '--prefix', home, '--', 'fake-none@1.0.0'];
    const env = { PATH: process.env.PATH, HOME: home };
    const result = await runNpm(args, home, env, (child) => started.push(child.pid));
    rmSync(home, { recursive: true, force: true });
    expect(result.status).to.equal(1);
    expect(result.code).to.equal('ENOTCACHED');
    expect(result.reason).to.match(/fake-none/);
    expect(started).to.have.length(1);
  });

  it('says so where no more files can be opened, and leaves this process as it was', async function () {
    skipUnlessFilesAreCounted(this);
    const umask = process.umask(0o077);
    const refused = withFilesLeft(1, () =>
      runNpm(['--version'], '/', process.env, () => expect.fail('it was started')),
    );
    expect(await refused).to.deep.equal({
      status: null,
      code: 'ENPM',
      reason: 'npm: no more files can be opened',
      errors: '',
      output: '',
    });
    expect(process.umask(umask)).to.equal(0o077);
  });
});

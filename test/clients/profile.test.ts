import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { startOrigin } from '../support/origin.ts';
import { useBed } from './bed.ts';

const WELCOME = `Welcome to webtasks! Create your first one as follows:

$ echo "module.exports = function (cb) { cb(null, 'Hello'); }" > hello.js
$ wt create hello.js

`;

describe('wt init, wt profile', function () {
  this.timeout(60_000);
  const bed = useBed();

  it('36. wt init writes the profile and contacts nobody', async () => {
    const listener = await startOrigin((_req, res) => res.end());
    const inline = ['--url', listener.origin, '--token', bed.token, '--container', 'dev'];
    expect(await bed.ok(['init', ...inline, '-p', 'other'])).to.equal(WELCOME);
    await listener.close();
    expect(listener.requests).to.deep.equal([]);
    const file = join(bed.home, '.webtask');
    expect(JSON.parse(readFileSync(file, 'utf8'))).to.deep.equal({
      dev: { url: bed.url, token: bed.token, container: 'dev' },
      other: { url: listener.origin, token: bed.token, container: 'dev' },
    });
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).to.equal(0o600);
  });

  it('a profile whose name exists is kept where the question is not answered', async () => {
    const inline = ['--url', bed.url, '--token', bed.token, '--container', 'changed'];
    const { status, stdout, stderr } = await bed.wt(['init', ...inline, '-p', 'dev'], { input: '\n' });
    expect({ status, stderr }).to.deep.equal({ status: 1, stderr: 'Cancelled\n' });
    expect(stdout).to.include('You already have the `dev` profile:');
    expect(await bed.ok(['profile', 'get', 'dev', '-f', 'container'])).to.equal('dev\n');
  });

  it('without a token of its own it asks the server how to log in, and is told that it is one of tokens', async () => {
    const { status, stdout } = await bed.wt(['init', '--url', bed.url, '-p', 'new', '--admin']);
    expect(status).to.equal(2);
    expect(stdout).to.equal('');
    const { status: found, text } = await bed.call('', { path: '/api/description' });
    expect(found).to.equal(404);
    expect(JSON.parse(text)).to.include({ code: 404 });
  });

  it('profiles are listed, shown, and removed', async () => {
    const hint = '* Hint: Use --show-token to show the token for these profiles.\n';
    const shown = `Profile:     dev\nURL:         ${bed.url}\nContainer:   dev\nVersion:     v1\n`;
    expect(await bed.ok(['profile', 'rm', 'other'])).to.equal('Profile `other` removed.\n');
    expect(await bed.ok(['profile', 'ls'])).to.equal(shown + hint);
    expect(await bed.ok(['profile', 'get', 'dev', '-f', 'token'])).to.equal(`${bed.token}\n`);
    const { status, stderr } = await bed.wt(['profile', 'get', 'other', '-f', 'token']);
    expect({ status, stderr }).to.deep.equal({ status: 5, stderr: 'Profile `other` not found\n' });
  });

  it('wt profile get --details reads the claims of the token', async () => {
    const claims = await bed.ok(['profile', 'get', 'dev', '--details']);
    expect(claims)
      .to.match(/^Token\.dd: {4}3$/m)
      .and.to.match(/^Token\.ten: {3}dev$/m);
  });

  it('wt profile nuke removes them all, and the other commands then say how to begin', async () => {
    const home = join(bed.home, 'nuked');
    bed.write('nuked/.webtask', JSON.stringify({ dev: { url: bed.url, token: bed.token, container: 'dev' } }));
    const env = { HOME: home, USERPROFILE: home };
    expect(await bed.ok(['profile', 'nuke', '--force'], { env })).to.equal(
      'All secrets and profiles deleted. Initialize again with `wt init`.\n',
    );
    const { status, stderr } = await bed.wt(['ls'], { env });
    expect({ status, stderr }).to.deep.equal({
      status: 3,
      stderr: 'No webtask profiles found. To get started:\n$ wt init\n',
    });
  });
});

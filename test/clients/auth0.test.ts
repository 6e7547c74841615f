import { expect } from 'chai';
import { type ClientOptions, useBed } from './bed.ts';

const TYPE = 'credentials-exchange';

describe('auth0, the other program of wt-cli', function () {
  this.timeout(60_000);
  const bed = useBed();
  const auth0 = (args: readonly string[], options: ClientOptions = {}) =>
    bed.ok(args, { ...options, program: 'auth0' });
  const listed = async () => JSON.parse(await auth0(['ls', '-o', 'json']));

  it('auth0 scaffold prints a hook, and auth0 create stores it, disabled', async () => {
    bed.write('hook.js', await auth0(['scaffold', '-t', TYPE]));
    const stdout = await auth0(['create', '-t', TYPE, '-n', 'hook', 'hook.js']);
    expect(stdout).to.match(/^Auth0 hook created in disabled state\..*\n\n\$ auth0 enable hook\n$/);
    expect(await listed()).to.deep.equal({ [TYPE]: [{ name: 'hook', type: TYPE, enabled: false }] });
  });

  it('auth0 enable and disable issue the token again from what they inspected, secrets and code kept', async () => {
    const secret = async () => JSON.parse(await bed.ok(['inspect', 'hook', '--decrypt', '--fetch-code', '-o', 'json']));
    const { ectx, code } = await secret();
    expect(ectx).to.have.all.keys('auth0-extension-secret');
    expect(await auth0(['enable', 'hook'])).to.equal(
      `Enabling hook hook.\nThe hook (${TYPE}) hook has been enabled.\n`,
    );
    expect(await listed()).to.deep.equal({ [TYPE]: [{ name: 'hook', type: TYPE, enabled: true }] });
    expect(await secret()).to.deep.include({ ectx, code });
    expect(await auth0(['disable', 'hook'])).to.match(/has been disabled\.\n$/);
    expect(await listed()).to.deep.equal({ [TYPE]: [{ name: 'hook', type: TYPE, enabled: false }] });
    expect(await secret()).to.deep.include({ ectx, code });
  });

  it('auth0 create again keeps the state of the hook', async () => {
    expect(await auth0(['create', '-t', TYPE, '-n', 'hook', 'hook.js'])).to.match(/^Auth0 hook updated in disabled/);
  });

  it('auth0 ls prints the hooks of each type, and of one where it is asked for', async () => {
    for (const args of [['ls'], ['ls', '-t', TYPE]]) {
      expect(await auth0(args)).to.equal(`${TYPE}\n  hook\n\nSuccessfully listed hooks 1 to 1.\n`);
    }
    expect(await auth0(['ls', '-t', 'pre-user-registration', '-o', 'json'])).to.equal('{}\n');
  });

  it('auth0 edit and auth0 logs are those of wt', async function () {
    if (process.platform !== 'linux') return this.skip(); // elsewhere it would open the browser
    const stdout = await auth0(['edit', 'hook'], { env: { BROWSER: 'true' } });
    expect(stdout).to.include(`\n${bed.url}/edit/dev#/hook/${bed.token}\n`);
    const logs = await bed.start(['logs'], { program: 'auth0' });
    await logs.says(/connected to streaming logs/);
    await bed.call('hook');
    await logs.says(/finished webtask request/);
    expect(await logs.interrupt()).to.equal(0);
  });

  it('auth0 rm removes it', async () => {
    expect(await auth0(['rm', 'hook'])).to.equal('Removed webtask: hook\n');
    expect(await listed()).to.deep.equal({});
  });
});

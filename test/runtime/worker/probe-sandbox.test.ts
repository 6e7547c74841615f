import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { openCgroups } from '../../../runtime/worker/cgroup/index.ts';
import { chooseIsolation } from '../../../runtime/worker/choose-isolation.ts';
import { skipUnlessShutIn } from '../../support/isolation.ts';
import { refusalOf } from '../../support/refusal.ts';

const USERS = { first: 200_000, last: 265_535 };
const NOT_INSTALLED = 'Webtasks cannot be shut in here: bubblewrap is not installed.';
const INSTALL = 'Install it (apt-get install bubblewrap), or choose --isolation process.';

describe('whether webtasks can be shut in', () => {
  const { PATH } = process.env;
  let folder = '';
  before(function () {
    if (process.platform === 'linux') return;
    console.log('      skipped: it takes Linux');
    this.skip();
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'webtask-probe-'));
    chmodSync(folder, 0o755);
    process.env.PATH = folder;
    for (const tool of ['prlimit', 'setpriv', 'bwrap']) install(tool, 'exit 1');
  });
  afterEach(() => {
    process.env.PATH = PATH;
    rmSync(folder, { recursive: true, force: true });
  });
  /** Puts a program in place of the real one. */
  const install = (tool: string, script: string): void => {
    writeFileSync(join(folder, tool), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  };
  const says = (text: string): void => {
    for (const tool of ['prlimit', 'setpriv']) install(tool, `echo "${text}" >&2; exit 1`);
  };

  it('is tried, and they are where they can be', async function () {
    process.env.PATH = PATH;
    skipUnlessShutIn(this);
    const cgroups = (await openCgroups())?.controllers ?? [];
    expect(await chooseIsolation(undefined, USERS, 'none')).to.deep.equal({ mode: 'sandbox', unlimited: [], cgroups });
  });

  it('is said where it cannot be had and nobody asked for it; they have a process of their own', async () => {
    rmSync(join(folder, 'bwrap'));
    expect(await chooseIsolation(undefined, USERS, 'none')).to.deep.include({
      mode: 'process',
      because: `${NOT_INSTALLED} ${INSTALL}`,
    });
  });

  it('is not where they would have no network that is filtered: that is said, too', async function () {
    process.env.PATH = PATH;
    skipUnlessShutIn(this);
    process.env.PATH = folder;
    for (const tool of ['prlimit', 'setpriv']) install(tool, 'exit 0');
    const { mode, because } = await chooseIsolation(undefined, USERS, 'public');
    expect(mode).to.equal('process');
    expect(because).to.match(
      /^Workers cannot have the network policy public here: .* Install slirp4netns and nftables \(apt-get install slirp4netns nftables\), or start with --network none\.$/,
    );
  });

  it('is an error where it was asked for, and they would have no network that is filtered', async function () {
    process.env.PATH = PATH;
    skipUnlessShutIn(this);
    process.env.PATH = folder;
    for (const tool of ['prlimit', 'setpriv']) install(tool, 'exit 0');
    expect(await refusalOf(chooseIsolation('sandbox', USERS, 'public'))).to.include({
      code: 'NETWORK_UNAVAILABLE',
      fix: 'Install slirp4netns and nftables (apt-get install slirp4netns nftables), or start with --network none.',
    });
  });

  it('is an error where it was asked for', async () => {
    rmSync(join(folder, 'bwrap'));
    expect(await refusalOf(chooseIsolation('sandbox', USERS, 'none'))).to.deep.equal({
      code: 'SANDBOX_UNAVAILABLE',
      message: NOT_INSTALLED,
      fix: INSTALL,
    });
  });

  for (const [what, said, fix] of [
    [
      'a bubblewrap that is too old',
      'bwrap: Unknown option --disable-userns',
      'Install bubblewrap 0.8.0 or later, or choose --isolation process.',
    ],
    [
      'a kernel that lets nobody make namespaces',
      'bwrap: setting up uid map: Permission denied',
      'Let users make namespaces (sysctl kernel.unprivileged_userns_clone=1; on Ubuntu kernel.apparmor_restrict_unprivileged_userns=0; in a container by its seccomp profile), or choose --isolation process.',
    ],
    [
      'users that there cannot be here',
      'setpriv: setresuid failed: Invalid argument',
      'Name users that there can be here with --worker-users, or choose --isolation process.',
    ],
    [
      'a Node that other users cannot read',
      `bwrap: Can't find source path ${process.execPath}: Permission denied`,
      'Put Node where every user can read it, such as /usr/local, or choose --isolation process.',
    ],
  ] as const) {
    it(`fails with the way out for ${what}`, async () => {
      says(said);
      expect(await refusalOf(chooseIsolation('sandbox', USERS, 'none'))).to.deep.equal({
        code: 'SANDBOX_UNAVAILABLE',
        message: `Webtasks cannot be shut in here: ${said}.`,
        fix,
      });
    });
  }
});

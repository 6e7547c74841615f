import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { cgroupFolder, isDelegated, unitOf } from '../../../../runtime/worker/cgroup/find-delegated.ts';

describe('where the control group of a process is mounted', () => {
  const folderOf = (path: string, ...mounts: string[]): string | undefined => cgroupFolder(path, mounts.join('\n'));

  it('is below the mount of version 2, be it the only one or beside those of version 1', () => {
    const only = '31 23 0:27 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate';
    const first = '33 32 0:28 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids';
    const beside = '42 32 0:37 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw';
    expect(folderOf('/a.slice/b.service', only)).to.equal('/sys/fs/cgroup/a.slice/b.service');
    expect(folderOf('/', first, beside)).to.equal('/sys/fs/cgroup/unified');
  });

  it('is counted from the group that is mounted, as in a container that sees no others', () => {
    const part = '31 23 0:27 /docker/7f /sys/fs/cgroup rw - cgroup2 cgroup rw';
    expect(folderOf('/docker/7f', part)).to.equal('/sys/fs/cgroup');
    expect(folderOf('/docker/7f/web', part)).to.equal('/sys/fs/cgroup/web');
  });

  it('is not to be found where it is outside of what is mounted, or nothing is', () => {
    const part = '31 23 0:27 /docker/7f /sys/fs/cgroup rw - cgroup2 cgroup rw';
    expect(folderOf('/docker/80', part)).to.equal(undefined);
    expect(folderOf('/../other', '31 23 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup rw')).to.equal(undefined);
    expect(folderOf('/', '33 32 0:28 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids')).to.equal(undefined);
    expect(folderOf('', '31 23 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup rw')).to.equal(undefined);
  });
});

describe('the unit of systemd that a control group belongs to', () => {
  it('is the innermost service or scope, of the machine or of a user', () => {
    expect(unitOf('/system.slice/shop.service')).to.deep.equal({ name: 'shop.service', manager: [] });
    expect(unitOf('/system.slice/shop.service/workers')).to.deep.equal({ name: 'shop.service', manager: [] });
    expect(unitOf('/user.slice/user-1000.slice/session-2.scope')).to.deep.equal({
      name: 'session-2.scope',
      manager: [],
    });
    const ofUser = '/user.slice/user-1000.slice/user@1000.service';
    expect(unitOf(ofUser)).to.deep.equal({ name: 'user@1000.service', manager: [] });
    expect(unitOf(`${ofUser}/app.slice/shop.service`)).to.deep.equal({ name: 'shop.service', manager: ['--user'] });
    expect(unitOf('/')).to.equal(undefined);
  });
});

describe('what systemd says about a control group', () => {
  const { PATH } = process.env;
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'webtask-systemd-'));
    process.env.PATH = `${folder}:${PATH}`;
  });
  afterEach(() => {
    process.env.PATH = PATH;
    rmSync(folder, { recursive: true });
  });
  const answer = (script: string): void => {
    writeFileSync(join(folder, 'systemctl'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  };
  const SHOP = '/system.slice/shop.service';

  it('is asked about the unit, and only a yes is one', async () => {
    answer('[ "$*" = "show --property=Delegate --value -- shop.service" ] && echo yes');
    expect(await isDelegated(SHOP)).to.equal(true);
    answer('[ "$*" = "--user show --property=Delegate --value -- shop.service" ] && echo yes');
    expect(await isDelegated('/user.slice/user-7.slice/user@7.service/app.slice/shop.service')).to.equal(true);
    expect(await isDelegated(SHOP)).to.equal(false);
    answer('echo no');
    expect(await isDelegated(SHOP)).to.equal(false);
    answer('echo yes; exit 1');
    expect(await isDelegated(SHOP)).to.equal(false);
    answer('echo');
    expect(await isDelegated(SHOP)).to.equal(false);
  });

  it('is no where it cannot be asked, or the group is of no unit', async () => {
    expect(await isDelegated('/')).to.equal(false);
    process.env.PATH = folder;
    expect(await isDelegated(SHOP)).to.equal(false);
  });
});

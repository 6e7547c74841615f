import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { expect } from 'chai';
import { isAlive, untilApart } from '../../../../runtime/worker/network/index.ts';
import { skipUnlessShutIn } from '../../../support/isolation.ts';

describe('a process that is about to be in a network of its own', () => {
  let child: ChildProcess;
  let ended: Promise<unknown>;
  before(function () {
    skipUnlessShutIn(this);
  });
  afterEach(async () => {
    child?.kill('SIGKILL');
    await ended;
  });

  /** Starts a shell, which does nothing before it is told to go on. */
  const start = (command: string): { pid: number; ended: Promise<unknown>; kill: () => void } => {
    child = spawn('sh', ['-c', `read line; ${command}`], { stdio: ['pipe', 'ignore', 'ignore'] });
    ended = once(child, 'exit');
    return { pid: child.pid ?? 0, ended, kill: () => undefined };
  };

  it('is waited for until it is, because before that its network is the one of this process', async () => {
    const process = start('exec unshare --user --map-root-user --net sleep 1000');
    let isApart: boolean | undefined;
    const waiting = untilApart(process).then((it) => {
      isApart = it;
    });
    await new Promise((resolve) => setImmediate(resolve)); // it has looked by then
    expect(isApart).to.equal(undefined);
    child.stdin?.write('\n');
    await waiting;
    expect(isApart).to.equal(true);
    expect(readlinkSync(`/proc/${process.pid}/ns/net`)).to.not.equal(readlinkSync('/proc/self/ns/net'));
  });

  it('is not waited for where it ends before', async () => {
    const process = start('exit 1');
    child.stdin?.write('\n');
    expect(await untilApart(process)).to.equal(false);
    expect(isAlive(process.pid)).to.equal(false);
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { withPipes } from '../../runtime/with-pipes.ts';
import { skipUnlessFilesAreCounted, withFilesLeft } from '../support/files-left.ts';

describe('a process that is started with pipes', () => {
  it('is given on as it is', async () => {
    const child = withPipes(spawn('sh', ['-c', 'cat'], { stdio: ['pipe', 'pipe', 'ignore'] }));
    child.stdin.end('through both');
    expect(await text(child.stdout)).to.equal('through both');
  });

  it('is an error at once where no more files can be opened, and not one that ends this process later', async function () {
    skipUnlessFilesAreCounted(this);
    const start = () => withPipes(spawn('cat', [], { stdio: 'pipe' }));
    expect(() => withFilesLeft(1, start)).to.throw(Error, /^no more files can be opened$/);
    await turn(); // mocha fails the test where an event of that process is an error that nobody listens for
  });

  it('says by its event what else is wrong with it', async () => {
    const [error] = await once(withPipes(spawn('no-such-program', [], { stdio: 'pipe' })), 'error');
    expect(error).to.include({ code: 'ENOENT' });
  });
});

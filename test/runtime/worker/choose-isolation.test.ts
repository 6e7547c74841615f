import { expect } from 'chai';
import { chooseIsolation } from '../../../runtime/worker/choose-isolation.ts';
import { refusalOf } from '../../support/refusal.ts';

const USERS = { first: 200_000, last: 265_535 };
const NOT_LINUX = {
  message: 'Webtasks cannot be shut in here: that takes Linux.',
  fix: 'Run the server on Linux, or choose --isolation process.',
};

describe('what webtasks run in elsewhere than on Linux', () => {
  const { platform } = process;
  beforeEach(() => void Object.defineProperty(process, 'platform', { value: 'darwin' }));
  afterEach(() => void Object.defineProperty(process, 'platform', { value: platform }));

  it('is a process of their own, and all is listed that nothing limits there', async () => {
    expect(await chooseIsolation(undefined, USERS, 'none')).to.deep.equal({
      mode: 'process',
      because: `${NOT_LINUX.message} ${NOT_LINUX.fix}`,
      unlimited: ['memory', 'open files', 'CPU time', 'processes', 'files of this machine', 'network'],
      cgroups: [],
    });
  });

  it('is the same where it is asked for, with the same list', async () => {
    for (const mode of ['process', 'inline'] as const) {
      expect(await chooseIsolation(mode, USERS, 'none')).to.deep.equal({
        mode,
        unlimited: ['memory', 'open files', 'CPU time', 'processes', 'files of this machine', 'network'],
        cgroups: [],
      });
    }
  });

  it('is no sandbox: to ask for one is an error', async () => {
    expect(await refusalOf(chooseIsolation('sandbox', USERS, 'none'))).to.deep.equal({
      code: 'SANDBOX_UNAVAILABLE',
      ...NOT_LINUX,
    });
  });
});

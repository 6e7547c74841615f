import { expect } from 'chai';
import { WebtaskError } from '../../../runtime/errors.ts';
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

describe('what webtasks run in where the first worker was refused a sandbox', () => {
  const refused = (): Promise<unknown> => {
    const refusal = Promise.reject(
      new WebtaskError('SANDBOX_UNAVAILABLE', { reason: 'it is full', wayOut: 'Empty it.' }),
    );
    refusal.catch(() => undefined); // said to who waits for it
    return refusal;
  };

  it('is a process of their own, with what that worker said, though others could be shut in', async () => {
    const { mode, because } = await chooseIsolation(undefined, USERS, 'none', refused());
    expect({ mode, because }).to.deep.equal({
      mode: 'process',
      because: 'Webtasks cannot be shut in here: it is full. Empty it.',
    });
  });

  it('is an error where a sandbox was asked for', async () => {
    expect(await refusalOf(chooseIsolation('sandbox', USERS, 'none', refused()))).to.deep.equal({
      code: 'SANDBOX_UNAVAILABLE',
      message: 'Webtasks cannot be shut in here: it is full.',
      fix: 'Empty it.',
    });
  });
});

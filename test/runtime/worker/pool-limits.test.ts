import { expect } from 'chai';
import { readPoolLimits } from '../../../runtime/worker/pool-limits.ts';
import { refusalIn } from '../../support/refusal.ts';

describe('the numbers of workers', () => {
  it('are those of the settings', () => {
    const env = {
      WEBTASK_WORKERS: '3',
      WEBTASK_SPARE_WORKERS: '0',
      WEBTASK_WORKER_IDLE_MS: '5',
      WEBTASK_WORKER_RESTART_MS: '7',
    };
    expect(readPoolLimits(env, 100)).to.deep.equal({
      max: 3,
      spare: 0,
      idleMs: 5,
      restartMs: 7,
      maxWaiting: 1000,
      maxWaitMs: 10_000,
      maxAgeMs: 3_600_000,
      maxRequests: 1_000_000,
      maxKeptBytes: 50,
    });
  });

  it('are refused where they are none', () => {
    expect(refusalIn(() => readPoolLimits({ WEBTASK_WORKERS: '0' }, 100))).to.deep.include({
      code: 'SETTING_INVALID',
      message: 'WEBTASK_WORKERS cannot be used: it is no whole number from 1.',
    });
  });
});

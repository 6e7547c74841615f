import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { SETTINGS } from '../../../../cli/options.ts';
import { ERRORS } from '../../../../runtime/errors.ts';
import { LIMITS, readLimits } from '../../../../runtime/worker/limits/limits.ts';
import { refusalOf } from '../../../support/refusal.ts';

describe('the limits', () => {
  it('are each a setting, whose help says the default, and an error that there is', () => {
    for (const { setting, default: value, error } of Object.values(LIMITS)) {
      const help = Object.values(SETTINGS).find((it) => 'env' in it && it.env === setting)?.help;
      expect(help, setting).to.match(new RegExp(`; ${value} by default$`));
      if (!['EMFILE', 'ENOSPC'].includes(error)) expect(ERRORS).to.have.property(error);
    }
  });

  it('are read from the settings', async () => {
    expect(readLimits({})).to.include({ blockedMs: 5_000, cpuMs: 10_000 });
    expect(readLimits({ WEBTASK_LIMIT_CPU_MS: '20000' })).to.include({ blockedMs: 5_000, cpuMs: 20_000 });
    for (const text of ['0', '-1', '1.5', 'many'])
      expect(await refusalOf((async () => readLimits({ WEBTASK_LIMIT_CPU_MS: text }))())).to.include({
        code: 'SETTING_INVALID',
        message: 'WEBTASK_LIMIT_CPU_MS cannot be used: it is no whole number above 0.',
      });
  });
});

describe('the table of limits in docs/security.md', () => {
  it('says of each what it is, how much, where it is set, and what comes of more', () => {
    const page = readFileSync(new URL('../../../../docs/security.md', import.meta.url), 'utf8');
    const rows = Object.values(LIMITS).map(({ what, default: value, unit, setting, error }) => {
      const link = Object.hasOwn(ERRORS, error)
        ? `[\`${error}\`](errors.md#${error})`
        : `\`${error}\`, from the system`;
      return `| ${what} | ${amount(value, unit)} | \`${setting}\` | ${link} |`;
    });
    expect(page).to.include(
      ['| limit | by default | setting | error |', '| --- | --- | --- | --- |', ...rows, ''].join('\n'),
    );
  });

  function amount(value: number, unit: string): string {
    if (unit === 'ms') return `${value / 1000} s`;
    if (unit === 'count') return String(value);
    return value % (1 << 20) === 0 ? `${value >> 20} MB` : `${value >> 10} KB`;
  }
});

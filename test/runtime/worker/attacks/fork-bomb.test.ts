import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { commandsWith, MODES, useAttacked, words } from '../../../support/attacked.ts';
import { until } from '../../../support/until.ts';

/** Each process starts two that do the same; where one is refused, it tries again. Out of hand, it has an end. */
const bomb = (word: string): string => `
const source = \`const { spawn } = require('child_process');
  const [code, , left] = process.argv.slice(1);
  const more = () => { if (left > 0) spawn(process.execPath, ['-e', code, code, '${word}', left - 1], { stdio: 'ignore' }).on('error', () => setTimeout(more, 50)); };
  more(); more(); setTimeout(() => {}, 20000);\`;
module.exports = cb => { require('child_process').spawn(process.execPath, ['-e', source, source, '${word}', 8], { stdio: 'ignore' }); };`;

for (const mode of MODES) {
  describe(`a fork bomb (${mode})`, function () {
    this.timeout(60_000);
    const its = useAttacked(mode, { WEBTASK_LIMIT_PROCESSES: '48', WEBTASK_LIMIT_CPU_MS: '4000' }, 8_000);
    before(function () {
      if (process.platform !== 'linux') this.skip(); // nobody counts them
    });

    it('is ended, or refused more processes than a container may have; nothing of it stays', async () => {
      const word = randomUUID();
      const container = `c${word}`; // what it uses up is not for the next attack
      let most = 0;
      const timer = setInterval(() => {
        most = Math.max(most, commandsWith(word).length);
      }, 50);
      const answer = words(await its.attack(bomb(word), { container }));
      clearInterval(timer);
      expect(answer).to.match(
        /^500 proxy: The webtasks of \S+ (started more than 48 processes and threads|used more than (4000 ms of CPU time within 60000 ms|\d+ bytes of memory))\.$|^504 proxy: /,
      );
      // In a process of their own they are counted about once a second, and may be more until then.
      expect(most).to.be.within(2, mode === 'sandbox' ? 48 : 2 ** 9);
      await its.attack('module.exports = cb => process.exit();', { container });
      await until(() => commandsWith(word).length === 0);
    });
  });
}

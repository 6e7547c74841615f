import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { commandsWith, MODES, useAttacked, words } from '../../../support/attacked.ts';
import { until } from '../../../support/until.ts';

/** Ends by no signal that can be refused. */
const STAYS = "process.on('SIGHUP', () => {}).on('SIGTERM', () => {}); setTimeout(() => {}, 1e6)";

/** Code that starts a process which does nothing for long, and is known by a word. */
const starts = (word: string, options = '{ stdio: "ignore" }'): string =>
  `require("child_process").spawn(process.execPath, ["-e", "${STAYS}", "${word}"], ${options})`;

for (const mode of MODES) {
  describe(`webtasks that start processes and threads (${mode})`, function () {
    this.timeout(60_000);
    const its = useAttacked(mode, { WEBTASK_LIMIT_CPU_MS: '3000', WEBTASK_LIMIT_BLOCKED_MS: '15000' });

    before(function () {
      if (process.platform !== 'linux') this.skip(); // nobody counts them
    });

    it('one after the other without end: it is refused more, or ended, and nothing of them stays', async () => {
      const word = randomUUID();
      const container = `c${word}`; // its budget of CPU time is its own, also when the test is run once more
      const code = `module.exports = cb => { const more = () => { ${starts(word)}.on("error", cb); setTimeout(more, 20); }; more(); };`;
      expect(words(await its.attack(code, { container }))).to.match(
        /^500 proxy: The webtasks of \S+ (started more than 64 processes and threads|used more than 3000 ms of CPU time within 60000 ms)\.$|^400 webtask: spawn .* EAGAIN$/,
      );
      await its.attack('module.exports = cb => process.exit();', { container });
      await until(() => commandsWith(word).length === 0);
    });

    it('that outlive the request end with their worker, also those that left its group', async () => {
      const word = randomUUID();
      const container = `c${word}`; // its budget of CPU time is its own, also when the test is run once more
      const detached = `${starts(word, '{ stdio: "ignore", detached: true }')}.unref();`;
      await its.attack(`module.exports = cb => { ${starts(word)}; ${detached} cb(null, 1); };`, { container });
      expect(commandsWith(word).length).to.be.at.least(2);
      await its.attack('module.exports = cb => { for (;;); };', { container });
      await until(() => commandsWith(word).length === 0);
    });
  });

  describe(`webtasks that use up the processor (${mode})`, function () {
    this.timeout(60_000);
    const its = useAttacked(mode, { WEBTASK_LIMIT_CPU_MS: '1000' });

    before(function () {
      if (process.platform !== 'linux') this.skip(); // nobody looks
    });

    const BURN =
      'module.exports = cb => { const more = () => { const until = Date.now() + 20; while (Date.now() < until); setImmediate(more); }; more(); };';
    const EXCEEDED = '500 proxy: The webtasks of attacked used more than 1000 ms of CPU time within 60000 ms.';

    it('and let others run meanwhile: 500, by the name of the limit', async () => {
      expect(words(await its.attack(BURN))).to.equal(EXCEEDED);
      expect(its.server.lines).to.include(`attacked | attacked: ${EXCEEDED.replace('500 proxy: ', '')}`);
    });

    it('in another thread', async () => {
      const thread = 'new (require("worker_threads").Worker)("for (;;);", { eval: true });';
      // What a thread of Node 24 reserves for code counts as memory, of which it then has too much.
      expect(words(await its.askAs('threads', `module.exports = cb => { ${thread} };`))).to.be.oneOf([
        EXCEEDED.replace('attacked', 'threads'),
        ...(process.versions.node >= '24'
          ? ['500 proxy: The webtasks of threads used more than 67108864 bytes of memory.']
          : []),
      ]);
    });

    it('after their answer, when nobody waits', async () => {
      const { body } = await its.askAs('later', BURN.replace('more(); };', 'cb(null, "answered"); more(); };'));
      expect(body).to.equal('"answered"');
      await its.server.printed('later | The webtasks of later used more than 1000 ms of CPU time within 60000 ms.');
    });

    it('again: once they have a second chance, then they have to wait', async () => {
      for (let i = 0; i < 2; i += 1) expect((await its.askAs('again', BURN)).status).to.equal(500);
      const refused = await its.askAs('again', 'module.exports = cb => cb(null, 1);');
      expect(words(refused)).to.equal(
        '429 proxy: The webtasks of again have used up the CPU time that they may use within 60000 ms.',
      );
      expect(Number(refused.headers['retry-after'])).to.be.within(1, 60);
    });
  });
}

import { expect } from 'chai';
import { MODES, useAttacked, words } from '../../../support/attacked.ts';

for (const mode of MODES) {
  describe(`webtasks that end their process, or their run (${mode})`, function () {
    this.timeout(60_000);
    const its = useAttacked(mode);

    it('by process.exit: the request is told, and the exit code', async () => {
      expect(words(await its.attack('module.exports = cb => process.exit(3);'))).to.equal(
        '502 proxy: worker recycled: its process ended with exit code 3',
      );
      expect(its.server.lines).to.include('attacked | attacked: worker recycled: its process ended with exit code 3');
    });

    it('by process.abort, which is no lack of memory', async () => {
      expect(words(await its.attack('module.exports = cb => process.abort();'))).to.match(
        /^502 proxy: worker recycled: its process ended with (SIGABRT|exit code 134)$/,
      );
    });

    it('by a signal to itself and its whole group', async () => {
      expect(words(await its.attack('module.exports = cb => process.kill(0, "SIGKILL");'))).to.match(
        /^502 proxy: worker recycled: its process ended with (SIGKILL|exit code 137)$/,
      );
    });

    it('take the other requests of their container with them, which are told so and not tried again', async () => {
      const counted = 'module.exports = cb => { global.runs = (global.runs || 0) + 1; console.log("it runs"); };';
      const [hanging, exiting] = await Promise.all([
        its.ask(counted),
        its.attack(
          'module.exports = cb => { const look = () => global.runs ? setTimeout(process.exit, 100, 4) : setImmediate(look); look(); };',
        ),
      ]);
      const reason = '502 proxy: worker recycled: its process ended with exit code 4';
      expect([words(hanging), words(exiting)]).to.deep.equal([reason, reason]);
      expect(its.server.lines.filter((line) => line === 'attacked | it runs').length).to.equal(1);
      expect((await its.ask('module.exports = cb => cb(null, { runs: global.runs });')).body).to.equal('{}');
    });

    it('by an exception that nobody catches: it is the answer', async () => {
      const later = 'module.exports = cb => setTimeout(() => { throw new Error("later"); });';
      const { status, headers, body } = await its.attack(later);
      expect([status, headers['x-wt-response-source']]).to.deep.equal([500, 'webtask']);
      expect(JSON.parse(body)).to.include({
        code: 500,
        error: 'Script generated an unhandled asynchronous exception.',
        details: 'Error: later',
      });
    });

    it('by an exception that nobody catches: the next request gets another process', async () => {
      await its.attack('global.half = true; module.exports = cb => setTimeout(() => { throw new Error("later"); });');
      expect((await its.ask('module.exports = cb => cb(null, { half: global.half });')).body).to.equal('{}');
    });

    it('by a rejection that nobody handles, also of nothing', async () => {
      for (const [what, details] of [
        ['', 'undefined'],
        ['null', 'null'],
        ['new Error("no")', 'Error: no'],
      ] as const) {
        const { status, body } = await its.attack(`module.exports = cb => { Promise.reject(${what}); };`);
        expect(status).to.equal(500);
        expect(JSON.parse(body)).to.include({
          error: 'Script generated an unhandled asynchronous exception.',
          details,
        });
      }
    });

    it('by calling themselves without end: an error like any other', async () => {
      expect(
        words(await its.attack('module.exports = cb => { const deeper = () => deeper() + 1; deeper(); };')),
      ).to.equal('500 webtask: Maximum call stack size exceeded');
    });
  });
}

for (const mode of MODES) {
  describe(`webtasks that end their process with each request (${mode})`, function () {
    this.timeout(60_000);
    const pauseMs = 700;
    const its = useAttacked(mode, { WEBTASK_WORKER_RESTART_MS: String(pauseMs) });

    it('wait for another one after the fourth, and nobody else does', async () => {
      const took: boolean[] = [];
      for (let i = 0; i < 6; i += 1) {
        const askedAt = performance.now();
        const answer = await its.ask('module.exports = cb => process.exit(1);');
        took.push(performance.now() - askedAt >= pauseMs - 100); // some have gone by when it asks
        expect(words(answer)).to.equal('502 proxy: worker recycled: its process ended with exit code 1');
      }
      expect(took.slice(4)).to.deep.equal([true, true]);
      expect((await its.askAs('another', 'module.exports = cb => cb(null, 1);')).body).to.equal('1');
    });
  });
}

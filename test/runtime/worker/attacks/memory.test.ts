import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { MODES, useAttacked, words } from '../../../support/attacked.ts';

const EXCEEDED = '500 proxy: The webtasks of attacked used more than 67108864 bytes of memory.';

for (const mode of MODES) {
  describe(`webtasks that take all memory (${mode})`, function () {
    this.timeout(60_000);
    const its = useAttacked(mode, { WEBTASK_LIMIT_BLOCKED_MS: '15000' });

    before(function () {
      if (process.platform !== 'linux') this.skip(); // nothing limits it
    });

    it('for what can be refused: an error that the code can catch, and it goes on', async () => {
      const code =
        'try { Buffer.alloc(1 << 30); } catch (error) { return cb(null, error.message); } cb(null, "had it");';
      expect((await its.attack(`module.exports = cb => { ${code} };`)).body).to.equal(
        '"Array buffer allocation failed"',
      );
    });

    for (const [what, code] of [
      ['objects', 'const all = []; for (;;) all.push({ a: [1, 2, 3].map(String) });'],
      ['buffers, which are not in the heap', 'const all = []; for (;;) all.push(Buffer.alloc(1 << 20, 1));'],
      ['strings', 'let all = "x"; for (;;) all = (all + all + Math.random()).split("").reverse().join("");'],
    ] as const) {
      it(`for ${what}: 500, by the name of the limit`, async () => {
        expect(words(await its.attack(`module.exports = cb => { ${code} };`))).to.equal(EXCEEDED);
        expect(its.server.lines).to.include(`attacked | attacked: ${EXCEEDED.replace('500 proxy: ', '')}`);
      });
    }

    it('for threads get an error, or none of them', async () => {
      const code =
        'const { Worker } = require("worker_threads"); for (let i = 0; i < 30; i++) new Worker("setInterval(() => {}, 1000)", { eval: true });';
      expect(words(await its.attack(`module.exports = cb => { ${code} };`))).to.match(
        /^(400|500) webtask: .*(EAGAIN|out of memory)|^500 proxy: .* bytes of memory\.$/,
      );
      // Those that were started have their memory until somebody looks, once a second; whoever asks then is told of it.
      const lookedAt = Date.now() + 1500;
      while (Date.now() < lookedAt && !/bytes of memory/.test((await its.ask('module.exports = cb => cb();')).body)) {
        await delay(20);
      }
    });

    it('for WebAssembly get an error, or none of it', async () => {
      const code =
        'const all = []; for (;;) { const it = new WebAssembly.Memory({ initial: 64 }); new Uint8Array(it.buffer).fill(1); all.push(it); }';
      expect(words(await its.attack(`module.exports = cb => { ${code} };`))).to.match(
        /^500 webtask: WebAssembly\.Memory\(\): could not allocate memory$|^500 proxy: .* bytes of memory\.$/,
      );
    });
  });

  describe(`webtasks that take memory by many processes (${mode})`, function () {
    this.timeout(60_000);
    const its = useAttacked(mode, { WEBTASK_LIMIT_PROCESSES: '512' });

    before(function () {
      if (process.platform !== 'linux') this.skip(); // nobody looks
    });

    it('each within its limit: 500, since that of all together is another', async () => {
      const child = 'globalThis.kept = Buffer.alloc(50 << 20, 1); setTimeout(() => {}, 1e6)';
      const start = `require("child_process").spawn(process.execPath, ["-e", ${JSON.stringify(child)}], { stdio: "ignore" }).on("error", () => {})`;
      expect(words(await its.attack(`module.exports = cb => { for (let i = 0; i < 7; i++) ${start}; };`))).to.equal(
        '500 proxy: The webtasks of attacked used more than 301989888 bytes of memory.',
      );
    });
  });
}

import { expect } from 'chai';
import { FRAMES, MODES, useAttacked, words } from '../../../support/attacked.ts';

const RECYCLED = '502 proxy: worker recycled: ';
const MISUNDERSTOOD = `${RECYCLED}A worker and its server do not understand each other: `;

for (const mode of MODES) {
  describe(`webtasks that write to the pipe of their worker (${mode})`, function () {
    this.timeout(60_000);
    const its = useAttacked(mode);
    const attack = async (code: string): Promise<string> =>
      words(await its.attack(`${FRAMES} module.exports = cb => { ${code} };`));

    it('what is no frame', async () => {
      expect(await attack('send(Buffer.alloc(4096, 0xff));')).to.equal(
        `${MISUNDERSTOOD}there is no frame of kind 255.`,
      );
    });

    it('a frame that is said to be larger than memory', async () => {
      expect(await attack('const it = frame(17, 0, 2); it.writeUInt32BE(0xffffffff, 10); send(it);')).to.equal(
        `${MISUNDERSTOOD}reply has 0 and 4294967295 bytes.`,
      );
    });

    it('small frames without end', async () => {
      expect(
        await attack('const many = Buffer.concat(Array(1000).fill(frame(22, 0, 0))); for (;;) send(many);'),
      ).to.equal(`${MISUNDERSTOOD}there are too many frames.`);
    });

    it('large frames without end, of an answer that was given', async () => {
      const flood = 'const piece = frame(18, 0, 2, "", Buffer.alloc(60000)); for (;;) send(piece);';
      expect(await attack(`setTimeout(() => { ${flood} }, 20); return cb(null, {});`)).to.equal(
        '200 webtask: undefined',
      );
      // Its worker has ended by then, or does while it is asked.
      await its.attack('module.exports = cb => setTimeout(cb, 50);');
    });

    it('an answer to a request of nobody', async () => {
      const head = '200\\n0\\nwebtask\\n';
      expect(await attack(`send(frame(17, 1, 99999, '${head}', 'stolen'));`)).to.equal(
        `${MISUNDERSTOOD}nobody asked for reply 99999.`,
      );
    });

    it('an answer whose head is none, or would be two', async () => {
      const heads = [
        '',
        '{"status":200,"statusMessage":"","rawHeaders":[]}',
        '200\\n0\\nwebtask',
        '200\\n0\\nwebtask\\n\\na\\nb\\rc: d',
      ];
      for (const head of heads) {
        const answer = await attack(`for (let id = 1; id < 9; id += 1) send(frame(17, 1, id, '${head}'));`);
        expect(answer).to.match(
          /^502 proxy: worker recycled: (it sent what cannot be read|.*the head of an answer is none\.)$/,
        );
      }
    });

    it('what they have used, of which nobody asked them', async () => {
      const head = '{"cpuMs":0,"heapBytes":0}';
      expect(await attack(`for (let id = 1; id < 9; id += 1) send(frame(24, 0, id, '${head}'));`)).to.equal(
        `${MISUNDERSTOOD}nobody asked what a run uses.`,
      );
    });

    it('nothing any more, since they closed it', async () => {
      expect(await attack('fs.closeSync(3);')).to.equal(`${RECYCLED}it closed its pipe`);
    });

    it('nothing, but to that of its watchdog, what nobody asked for', async () => {
      expect(await attack('fs.writeSync(7, "x");')).to.equal(`${RECYCLED}it sent to its server what nobody asked for`);
      expect(await attack('fs.closeSync(7);')).to.equal(`${RECYCLED}it closed its watchdog`);
    });

    it('that a piece is in the memory of both where none is, or less, or none can be', async () => {
      const placed = (unit: number, length: number): string =>
        `for (let id = 1; id < 9; id += 1) { const it = frame(17, ${1 + 2 * (unit + 1)}, id, '200\\n0\\nwebtask\\n'); it.writeUInt32BE(${length}, 10); send(it); }`;
      expect(await attack(placed(0, 100_000))).to.equal(`${MISUNDERSTOOD}0 of 100000 bytes are in the shared memory.`);
      expect(await attack(placed(40, 1))).to.equal(`${MISUNDERSTOOD}nothing can be at 40 of the shared memory.`);
      expect(await attack(placed(0, 262_145))).to.match(/reply has \d+ and 262145 bytes\.$/);
      expect(await attack('send(frame(33, 0, 3));')).to.equal(`${MISUNDERSTOOD}nothing is at 3 of the shared memory.`);
    });

    it('what the memory of both holds while the server reads it', async () => {
      const code = `const fs = require('fs');
        const spoil = () => { fs.ftruncateSync(6, 0); setImmediate(spoil); };
        module.exports = (ctx, req, res) => { res.write('begun'); spoil(); res.end('x'.repeat(3 << 20)); };`;
      // It is read before it is spoilt, or what is read of it ends the worker in the middle of its own answer.
      const answer = await its.attack(code).catch((error: Error) => error);
      if (!(answer instanceof Error)) expect(answer.body).to.equal(`begun${'x'.repeat(3 << 20)}`);
    });

    it('nothing to the memory of both, which they closed: all goes through the pipe', async () => {
      const code = `const fs = require('fs'); module.exports = (ctx, req, res) => { fs.closeSync(6); res.end('x'.repeat(3 << 20)); };`;
      const { status, body } = await its.attack(code);
      expect([status, body === 'x'.repeat(3 << 20)]).to.deep.equal([200, true]);
    });

    it('calls without end', async () => {
      const calls = `const many = Buffer.concat(Array(500).fill(frame(21, 0, 1, '{"of":1,"what":"document"}' + ' '.repeat(4096))));`;
      expect(await attack(`${calls} for (;;) send(many);`)).to.match(
        /too many frames|it asks for too much|asked the server for more than 10000 things at once|Blocked event loop/,
      );
    });
  });
}

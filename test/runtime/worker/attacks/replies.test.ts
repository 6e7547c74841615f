import { expect } from 'chai';
import { MODES, useAttacked, words } from '../../../support/attacked.ts';

for (const mode of MODES) {
  describe(`webtasks that answer or print too much (${mode})`, function () {
    this.timeout(60_000);
    const its = useAttacked(mode);

    it('headers', async () => {
      const code = 'module.exports = (ctx, req, res) => { res.setHeader("x-large", "x".repeat(100000)); res.end(); };';
      expect(words(await its.attack(code))).to.match(
        /^500 proxy: The headers of the answer of attacked have 1000\d\d bytes, more than 65536\.$/,
      );
    });

    it('headers that are too many for the worker itself to give on', async () => {
      const code = 'module.exports = (ctx, req, res) => { res.setHeader("x-large", "x".repeat(2e6)); res.end("x"); };';
      expect(words(await its.attack(code))).to.match(
        /^500 proxy: The headers of the answer of attacked have 20000\d\d bytes, more than 524288\.$/,
      );
    });

    it('words without end about why their code does not load', async () => {
      for (const length of [100_000, 3_000_000]) {
        const answer = await its.attack(`throw new Error("x".repeat(${length}));`);
        expect(words(answer)).to.match(/^400 compiler: Compilation failed: x{8000,8192} \.\.\.$/);
      }
    });

    it('headers that would be two: the error is the code’s', async () => {
      const code = 'module.exports = (ctx, req, res) => { res.setHeader("x-a", "b\\r\\nc: d"); res.end(); };';
      expect(words(await its.attack(code))).to.equal('500 webtask: Invalid character in header content ["x-a"]');
    });

    it('a body that says beforehand that it will be too large', async () => {
      const code = 'module.exports = (ctx, req, res) => { res.setHeader("content-length", 1e12); res.write("x"); };';
      expect(words(await its.attack(code))).to.equal('500 proxy: The answer of attacked has more than 4194304 bytes.');
    });

    it('a body without end: it is cut off, so that it does not look whole, and the log says why', async () => {
      const code =
        'module.exports = (ctx, req, res) => { const more = () => { while (res.write("x".repeat(65536))); }; res.on("drain", more); more(); };';
      const outcome = await its.attack(code).then(
        () => 'whole',
        (error: Error) => error.message,
      );
      expect(outcome).to.equal('aborted');
      expect(its.server.lines).to.include('attacked | The answer of attacked has more than 4194304 bytes.');
    });

    for (const [what, print] of [
      ['by console', 'for (let i = 0; i < 100; i++) console.log("x".repeat(1000));'],
      [
        'past it',
        'for (let i = 0; i < 100; i++) try { require("fs").writeSync(1, "x".repeat(1000) + "\\n"); } catch {}',
      ],
    ] as const) {
      it(`output ${what}`, async () => {
        const code = `module.exports = cb => { const more = () => { ${print} setImmediate(more); }; more(); };`;
        expect(words(await its.attack(code, { container: 'floods' }))).to.equal(
          '500 proxy: The webtasks of floods printed more than 1048576 bytes within 10000 ms.',
        );
      });
    }

    it('output of one worker after the other: what is shown of it has an end', async () => {
      const code =
        'module.exports = cb => { for (let i = 0; i < 300; i++) console.log("y".repeat(5000)); cb(null, 1); };';
      for (let i = 0; i < 4; i++) await its.attack(code, { container: 'again' });
      const shown = its.server.lines.filter((line) => line.startsWith('again | '));
      expect(shown.filter((line) => /^again \| y+$/.test(line)).length).to.be.within(300, (2 << 20) / 5000);
      expect(shown).to.include(
        'again | This container prints too much: what its webtasks print is left out for some seconds.',
      );
    });

    it('output past console is in the log of the container, secrets masked', async () => {
      const code =
        'module.exports = (ctx, cb) => { require("fs").writeSync(1, "says " + ctx.secrets.KEY + "\\n"); setTimeout(cb, 100); };';
      const token = await its.server.mint('says.js', code, { ten: 'attacked' }, { KEY: 'sk_live_0815' });
      await its.attack('', { method: 'GET', headers: { Authorization: `Bearer ${token}` } });
      await its.server.printed('attacked | says ***');
    });
  });
}

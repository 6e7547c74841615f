import { expect } from 'chai';
import { MODES, useAttacked, words } from '../../../support/attacked.ts';

/** Names of functions and lines, without folders. */
const placesOf = (stack: string): string => stack.replaceAll(/\(\S*\/(?=webtask\.js)/g, '(');

for (const mode of MODES) {
  describe(`webtasks that let nothing else run (${mode})`, function () {
    this.timeout(60_000);
    const its = useAttacked(mode);

    it('by a loop: 500, with the lines of the author in which it was', async () => {
      const { status, headers, body } = await its.attack(
        'function spin() {\n  while (true);\n}\nmodule.exports = (cb) => {\n  spin();\n};',
      );
      const { req_id: _, stack, ...rest } = JSON.parse(body) as Record<string, string>;
      expect([status, headers['x-wt-response-source'], rest]).to.deep.equal([
        500,
        'webtask',
        { code: 500, error: 'Blocked event loop.', message: 'Blocked event loop.' },
      ]);
      expect(placesOf(stack ?? '')).to.match(
        /^Error: Blocked event loop\.\n {4}at spin \(webtask\.js:2:\d+\)\n {4}at module\.exports \(webtask\.js:5:\d+\)$/,
      );
      expect(its.server.lines).to.include('attacked | attacked: Error: Blocked event loop.');
    });

    for (const [what, call] of [
      ['a regular expression', '/^(a+)+$/.test("a".repeat(50) + "b");'],
      ['waiting for another thread', 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);'],
    ] as const) {
      it(`by ${what}`, async () => {
        const answer = await its.attack(`module.exports = (cb) => {\n  ${call}\n};`);
        expect(words(answer)).to.equal('500 webtask: Blocked event loop.');
        expect(placesOf(JSON.parse(answer.body).stack)).to.match(/\n {4}at module\.exports \(webtask\.js:2:\d+\)$/);
      });
    }

    it('while their code loads', async () => {
      expect(words(await its.attack('while (true);'))).to.equal('500 webtask: Blocked event loop.');
    });

    it('by stopping their process, where nobody can say where it was', async () => {
      const answer = await its.attack('module.exports = cb => process.kill(process.pid, "SIGSTOP");');
      expect(words(answer)).to.equal('500 webtask: Blocked event loop.');
      expect(JSON.parse(answer.body)).not.to.have.property('stack');
    });

    it('are known from others of their container, which are told that their worker was recycled', async () => {
      const hanging = its.ask('module.exports = cb => { global.hangs = true; };');
      const wait = 'const look = () => { if (global.hangs) for (;;); setImmediate(look); }; look();';
      expect(words(await its.attack(`module.exports = cb => { ${wait} };`))).to.equal(
        '500 webtask: Blocked event loop.',
      );
      expect(words(await hanging)).to.equal('502 proxy: worker recycled: Blocked event loop.');
    });

    it('open no port of an inspector, and none is open', async () => {
      const { body } = await its.attack(
        'module.exports = cb => cb(null, { url: require("inspector").url() || "none" });',
      );
      expect(body).to.equal('{"url":"none"}');
    });

    it('open none by the signal at which Node opens one', async () => {
      const answer = await its.attack(
        'module.exports = cb => { process.kill(process.pid, "SIGUSR1"); setTimeout(() => cb(null, { url: require("inspector").url() || "none" }), 200); };',
      );
      expect(answer.body).to.equal('{"url":"none"}');
      expect(its.server.lines.filter((line) => line.includes('Debugger listening'))).to.deep.equal([]);
    });

    it('show no secret in the names of their functions', async () => {
      const spin =
        'module.exports = (ctx, cb) => { const it = { [ctx.secrets.KEY]: () => { for (;;); } }; it[ctx.secrets.KEY](); };';
      const token = await its.server.mint('spin.js', spin, { ten: 'attacked' }, { KEY: 'sk_live_0815' });
      const answer = await its.attack('', { method: 'GET', headers: { Authorization: `Bearer ${token}` } });
      expect(words(answer)).to.equal('500 webtask: Blocked event loop.');
      expect(answer.body).to.include('***');
      expect(answer.body + its.server.lines.join()).not.to.include('sk_live_0815');
    });
  });
}

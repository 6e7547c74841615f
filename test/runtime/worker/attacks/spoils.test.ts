import { expect } from 'chai';
import { MODES, useAttacked } from '../../../support/attacked.ts';

/** What is replaced for all that run after it in the same process. */
const SPOILT = {
  'Object.prototype':
    'Object.assign(Object.prototype, { last: true, head: "x", code: "EVIL", status: 201, value: 5 });',
  'Array.prototype': 'Array.prototype.push = () => { throw new Error("no push"); }; Array.prototype.extra = 1;',
  'how arrays are gone through': 'Array.prototype[Symbol.iterator] = () => { throw new Error("no iterator"); };',
  'JSON.parse': 'JSON.parse = () => ({ of: 1 });',
  'JSON.stringify': 'JSON.stringify = () => "x";',
  'Buffer.from': 'Buffer.from = Buffer.alloc = Buffer.concat = () => { throw new Error("no buffer"); };',
  Promise: 'Promise = function () { throw new Error("no promise"); };',
  'Promise.prototype.then': 'Promise.prototype.then = () => {};',
  'process.nextTick': 'process.nextTick = () => {};',
  timers: 'setImmediate = setTimeout = clearTimeout = () => {};',
  'Function.prototype.call':
    'Function.prototype.call = Function.prototype.apply = () => { throw new Error("no call"); };',
  'Map.prototype': 'Map.prototype.get = Map.prototype.set = () => {};',
  'EventEmitter.prototype.emit': 'require("events").prototype.emit = () => false;',
  'process.exit and process.kill': 'process.exit = process.kill = process.reallyExit = () => {};',
  console: 'console.log = () => { throw new Error("no log"); }; console = undefined;',
};

for (const mode of MODES) {
  describe(`webtasks that replace what the platform needs (${mode})`, function () {
    this.timeout(60_000);
    const its = useAttacked(mode);

    for (const [what, code] of Object.entries(SPOILT)) {
      // That the next request is answered, each test looks at when it ends.
      it(`${what}: only themselves get no answer, if anybody`, async () => {
        const { status, body } = await its.attack(`module.exports = cb => { ${code} cb(null, "done"); };`);
        expect([status, body].join(' ')).to.match(
          /^(200 .*|50[02] \{.*(worker recycled|exception|closed the connection).*\}|201 .*)$/s,
        );
      });
    }

    it('by something that works as well: their process is kept', async () => {
      const wrap =
        'const { parse } = JSON; JSON.parse = (text) => parse(text); global.kept = true; module.exports = cb => cb(null, 1);';
      await its.attack(wrap);
      expect((await its.ask('module.exports = cb => cb(null, { kept: global.kept });')).body).to.equal('{"kept":true}');
    });
  });
}

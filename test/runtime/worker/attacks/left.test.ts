import { expect } from 'chai';
import { MODES, useAttacked, words } from '../../../support/attacked.ts';
import { freePort } from '../../../support/free-port.ts';
import { until } from '../../../support/until.ts';

/** Says whether its process is still the one of before. */
const KEPT = 'module.exports = cb => cb(null, { kept: global.kept });';
const answers = (then: string): string =>
  `global.kept = true; module.exports = cb => { ${then} cb(null, 'answered'); };`;
/** With no request under way. */
const later = (what: string): string => answers(`setTimeout(() => { ${what} }, 30);`);

for (const mode of MODES) {
  describe(`webtasks that go on after their answer (${mode})`, function () {
    this.timeout(60_000);
    const its = useAttacked(mode);
    const attack = async (code: string): Promise<void> => {
      expect(words200(await its.attack(code))).to.equal('200 "answered"');
    };
    const keptBy = async (): Promise<string> => (await its.ask(KEPT)).body;

    it('by a timer: what it prints is in the log of the container, and ends with the process', async () => {
      const ticks = () => its.server.lines.filter((line) => line === 'attacked | tick').length;
      await attack(answers('setInterval(() => console.log("tick"), 5);'));
      await until(() => ticks() > 3);
      expect(await keptBy()).to.equal('{"kept":true}');
      expect(words(await its.attack('module.exports = cb => process.exit(7);'))).to.match(/exit code 7$/);
      const last = ticks();
      expect(await keptBy()).to.equal('{}');
      expect(ticks()).to.equal(last);
    });

    for (const [how, what] of [
      ['an exception', 'throw new Error("after");'],
      ['a rejection', 'Promise.reject(new Error("after"));'],
    ] as const) {
      it(`by ${how}: the log tells which code that was`, async () => {
        const isTold = (line: string): boolean => / had answered when it threw Error: after$/.test(line);
        const before = its.server.lines.filter(isTold).length;
        await attack(later(what));
        await until(() => its.server.lines.filter(isTold).length > before);
        expect(its.server.lines.findLast(isTold)).to.match(/^attacked \| \S*webtask\.js had answered/);
      });
    }

    it('by the end of its process: the next request gets another one', async () => {
      await attack(later('process.exit(5);'));
      // One that was under way is told so; never another one.
      for (let body = ''; body !== '{}'; ) {
        const answer = await its.ask(KEPT);
        body = answer.body;
        if (answer.status !== 200) expect(words(answer)).to.match(/^502 proxy: worker recycled: .* exit code 5$/);
      }
    });

    it('by a loop: who asks next is told, and then there is another process', async () => {
      await attack(later('for (;;);'));
      for (let body = ''; body !== '{}'; ) {
        const answer = await its.ask(KEPT);
        body = answer.body;
        if (answer.status !== 200)
          expect(words(answer)).to.match(/^50[02] \w+: (worker recycled: )?Blocked event loop\.$/);
      }
    });

    it('by a server: it is gone with its process, and the port is for others', async () => {
      const port = await freePort();
      const listen = `require('http').createServer((req, res) => res.end('mine')).on('error', cb).listen(${port}, '127.0.0.1', () => cb(null, 'answered'));`;
      const code = `module.exports = cb => { ${listen} };`;
      const reached = (): Promise<string> =>
        fetch(`http://127.0.0.1:${port}`).then(
          (it) => it.text(),
          (error: Error) => (error.cause as NodeJS.ErrnoException).code ?? '',
        );
      await attack(code);
      // In a process it is on the machine's own address: only what is shut in has one of its own.
      expect(await reached()).to.equal(mode === 'process' ? 'mine' : 'ECONNREFUSED');
      await its.attack('module.exports = cb => process.exit();');
      expect(await reached()).to.equal('ECONNREFUSED');
      await attack(code);
      await its.attack('module.exports = cb => process.exit();');
    });
  });
}

function words200({ status, body }: { status: number; body: string }): string {
  return `${status} ${body}`;
}

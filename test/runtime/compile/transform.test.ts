import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { stop } from 'esbuild';
import { transformCode } from '../../../runtime/compile/transform.ts';
import { refusalOf } from '../../support/refusal.ts';

const MODULE = { format: 'cjs' } as const;

describe('translating code of strangers', function () {
  this.timeout(60_000);
  const translates = async (code: string): Promise<boolean> => (await transformCode(code, MODULE)).code.length > 0;

  it('goes on for others when code has ended the process that does it, and for what was in it at that time', async function () {
    if (process.platform !== 'linux') this.skip();
    await stop();
    const others = childrenNamed('esbuild'); // that of the loader of these tests, too
    await translates('export default 1');
    const large = `export default [${'function () {}, '.repeat(20_000)}]`;
    const underWay = [translates(large), translates(large)];
    await new Promise((resolve) => setImmediate(resolve));
    for (const pid of childrenNamed('esbuild')) if (!others.includes(pid)) process.kill(pid, 'SIGKILL');
    expect(await Promise.all(underWay)).to.deep.equal([true, true]);
    expect(await translates('export default 2')).to.equal(true);
  });

  it('comes to an end with code that has none, and says so', async () => {
    const endless = transformCode(`export default ${'('.repeat(100_000)}`, MODULE, 50);
    expect(await refusalOf(endless)).to.include({
      code: 'COMPILE_FAILED',
      message: 'Compilation failed: it is nested too deep, or too large, to be translated',
    });
    expect(await translates('export default 3')).to.equal(true);
  });

  it('says what is wrong with it', async () => {
    const said = await transformCode('export default (', MODULE).catch(
      (error: { errors: { text: string }[] }) => error,
    );
    expect((said as { errors: { text: string }[] }).errors[0]?.text).to.equal('Unexpected end of file');
  });
});

function childrenNamed(name: string): number[] {
  const pids = readdirSync('/proc').filter((it) => /^\d+$/.test(it));
  return pids.map(Number).filter((pid) => {
    try {
      const [, comm, rest = ''] = /^\d+ \((.*)\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, 'latin1')) ?? [];
      return comm === name && Number(rest.split(' ')[1]) === process.pid;
    } catch {
      return false; // it has ended
    }
  });
}

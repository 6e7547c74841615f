import { spawn } from 'node:child_process';
import { expect } from 'chai';
import { FROM_SOURCE, toItsEnd } from '../../support/program.ts';

const DROP_BUFFERS = new URL('../../../runtime/worker/drop-buffers.ts', import.meta.url).href;

/** Has mebibytes go by, one at a time, and gives the collections of garbage that were asked for; then what is global. */
async function drop(mebibytes: number): Promise<string[]> {
  const script = `
    const { runInNewContext } = await import('node:vm');
    const { dropBuffers } = await import(${JSON.stringify(DROP_BUFFERS)});
    for (let i = 0; i < ${mebibytes}; i++) dropBuffers(1 << 20);
    console.log('gc is ' + typeof gc + ', and for others ' + runInNewContext('typeof gc'));`;
  const args = ['--trace-gc', ...FROM_SOURCE, '--input-type=module', '--eval', script];
  const { stdout } = await toItsEnd(spawn(process.execPath, args, { env: { PATH: process.env.PATH } }));
  return stdout.split('\n').flatMap((line) => /(?<= ms: )[\w-]+(?= .*testing)|^gc is .*/.exec(line)?.[0] ?? []);
}

describe('the buffers of bodies', () => {
  it('are dropped for each eight mebibytes that have gone by, among the youngest objects only', async () => {
    expect(await drop(7)).to.deep.equal(['gc is undefined, and for others undefined']);
    expect(await drop(17)).to.deep.equal(['Scavenge', 'Scavenge', 'gc is undefined, and for others undefined']);
  });
});

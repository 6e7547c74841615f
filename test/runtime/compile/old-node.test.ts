import { spawnSync } from 'node:child_process';
import os from 'node:os';
import { expect } from 'chai';
import { FROM_SOURCE } from '../../support/program.ts';

const SOURCE = new URL('../../../runtime/compile/old-node.ts', import.meta.url).href;

/** Runs code in a process of its own, whose Node has lost what a later one has. */
function inLaterNode(code: string): unknown {
  const script = `
    const util = require('util');
    for (const name of Object.keys(util)) if (/^is(?!Deep)|^log$/.test(name)) delete util[name];
    import(${JSON.stringify(SOURCE)}).then(({ restoreRemoved }) => {
      const before = typeof util.isArray;
      restoreRemoved();
      console.log(JSON.stringify([before, ...(${code})]));
    });`;
  const { stdout, stderr } = spawnSync(process.execPath, [...FROM_SOURCE, '--eval', script], { encoding: 'utf8' });
  expect(stderr).to.equal('');
  return JSON.parse(stdout);
}

describe('what Node took away', () => {
  it('is there again for old packages', () => {
    const code = `[util.isArray([]), util.isRegExp(/x/), util.isError(new TypeError()), util.isFunction(1),
      util.isPrimitive(null), util.isObject(null), require('os').tmpDir(), typeof process.EventEmitter,
      typeof GLOBAL.process]`;
    expect(inLaterNode(code)).to.deep.equal([
      'undefined',
      true,
      true,
      true,
      false,
      true,
      false,
      os.tmpdir(),
      'function',
      'object',
    ]);
  });

  it('does not show where names are listed', () => {
    expect(inLaterNode("[Object.keys(require('os')).includes('tmpDir')]")).to.deep.equal(['undefined', false]);
  });
});

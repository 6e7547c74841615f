import { expect } from 'chai';
import { compileWebtask } from '../../../runtime/compile/index.ts';

const GIVEN = { secrets: {}, meta: {}, params: {}, storage: undefined };

describe('code that brings its own source map, as bundles do', () => {
  // Running from source has switched them on; an installed kit has not.
  before(() => process.setSourceMapsEnabled(false));
  after(() => process.setSourceMapsEnabled(true));

  it('has stack traces name the files and lines of its map', async () => {
    const map = { version: 3, sources: ['lib/price.ts'], names: [], mappings: 'AAOA' };
    const encoded = Buffer.from(JSON.stringify(map)).toString('base64');
    const code = `module.exports = (cb) => cb(new Error('x').stack);\n//# sourceMappingURL=data:application/json;base64,${encoded}\n`;
    const { run } = await compileWebtask({ code, file: '/app/pay.js' }, GIVEN);
    let stack = '';
    run((text: string) => {
      stack = text;
    });
    expect(stack.split('\n')[1]).to.match(/\/app\/lib\/price\.ts:8:1\)?$/);
  });
});

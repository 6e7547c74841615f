import { expect } from 'chai';
import fc from 'fast-check';
import { fileNameOf } from '../../../runtime/transfer/file-name.ts';

describe('the file name of a webtask', () => {
  for (const [name, expected] of [
    ['hello', 'hello'],
    ['hello-2_b', 'hello-2_b'],
    ['Hello', 'hello-185f8db3'],
    ['HELLO', 'hello-3733cd97'],
    ['a.b', 'a-b-2e7336dc'],
    ['a:b', 'a-b-6783a31e'],
    ['..', '5ec1f7e7'],
    ['con', 'con-1143da2b'],
    ['~', '7ace431c'],
  ] as const) {
    it(`of ${name} is ${expected}`, () => {
      expect(fileNameOf(name)).to.equal(expected);
    });
  }

  it('is one that every platform takes, and another one for every name, also where case does not count', () => {
    const name = fc.stringMatching(/^[-A-Za-z0-9._~!$+=:@]{1,80}$/);
    fc.assert(
      fc.property(name, name, (a, b) => {
        for (const file of [fileNameOf(a), fileNameOf(b)]) expect(file).to.match(/^[a-z0-9_][a-z0-9_-]{0,69}$/);
        expect(fileNameOf(a) === fileNameOf(b)).to.equal(a === b);
        if (a.toLowerCase() !== a) expect(fileNameOf(a)).to.not.equal(fileNameOf(a.toLowerCase()));
      }),
    );
  });
});

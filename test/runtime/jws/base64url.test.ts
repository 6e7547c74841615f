import { expect } from 'chai';
import fc from 'fast-check';
import { decodeBase64url, type Refuse } from '../../../runtime/jws/index.ts';

const refuse: Refuse = (reason) => {
  throw new Error(reason);
};

describe('base64url, which is read in one spelling only', () => {
  it('gives back the bytes of every canonical text', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const text = Buffer.from(bytes).toString('base64url');
        expect(decodeBase64url(text, 'header', refuse)).to.deep.equal(Buffer.from(bytes));
      }),
    );
  });

  it('refuses every text that is not what its bytes are spelled as', () => {
    const letters = 'AQgwEIMYcko048-_+/= \n.\u0141\u00e9８BCDxyz';
    const text = fc.string({ unit: fc.constantFrom(...letters), maxLength: 12 });
    const changed = fc
      .tuple(fc.uint8Array({ maxLength: 60 }), fc.nat(80), fc.constantFrom('', ...letters), fc.nat(1))
      .map(([bytes, at, put, removed]) => {
        const good = Buffer.from(bytes).toString('base64url');
        return good.slice(0, at) + put + good.slice(at + removed);
      });
    let accepted = 0;
    fc.assert(
      fc.property(fc.oneof(text, changed), (it) => {
        const bytes = Buffer.from(it, 'base64url');
        const isCanonical = bytes.toString('base64url') === it;
        accepted += isCanonical ? 1 : 0;
        if (isCanonical) expect(decodeBase64url(it, 'header', refuse)).to.deep.equal(bytes);
        else expect(() => decodeBase64url(it, 'header', refuse)).to.throw(/^header is not canonical base64url$/);
      }),
      { numRuns: 3000 },
    );
    expect(accepted).to.be.within(300, 2700);
  });

  for (const [spelling, text] of [
    ['padding', '-_8='],
    ['the other alphabet', '+/8'],
    ['stray last bits', '-_9'],
    ['a line end', '-_8\n'],
    ['a carriage return', '-_8\r\n'],
    ['a space in the middle', '-_ 8'],
    ['a character alone, which holds no byte', '-_8-_'],
    ['a letter that is no ASCII', '-_８'],
    ['a letter whose lower half is that of the right one', '-_\u0138'],
    ['a dot', '-_.8'],
    ['text after the padding', '-_8=-_8'],
  ] as const) {
    it(`refuses ${spelling}, since it is a second name for the same bytes`, () => {
      expect(decodeBase64url('-_8', 'header', refuse)).to.deep.equal(Buffer.from([0xfb, 0xff]));
      expect(() => decodeBase64url(text, 'header', refuse)).to.throw(/^header is not canonical base64url$/);
    });
  }
});

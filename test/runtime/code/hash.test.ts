import { expect } from 'chai';
import { sha256Hex } from '../../../runtime/code/index.ts';

describe('the hash of code', () => {
  it('is SHA-256 in lower-case hexadecimal, of text as of its UTF-8 bytes', () => {
    const hash = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'; // FIPS 180-2, B.1
    expect(sha256Hex('abc')).to.equal(hash);
    expect(sha256Hex(Buffer.from('abc'))).to.equal(hash);
    expect(sha256Hex('ü')).to.equal(sha256Hex(Buffer.from([0xc3, 0xbc])));
  });
});

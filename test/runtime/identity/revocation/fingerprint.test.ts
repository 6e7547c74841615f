import { expect } from 'chai';
import { createFingerprints } from '../../../../runtime/identity/revocation/fingerprint.ts';
import { createKeys } from '../../../../runtime/identity/revocation/key.ts';

describe('a fingerprint', () => {
  it('is Chaskey-12 of one block, as the test vectors of its authors have it', () => {
    const { out, ofWords } = createFingerprints([0x833d3433, 0x009f389f, 0x2398e64f, 0x417acf39]);
    ofWords(0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c);
    expect([...out]).to.deep.equal([0x5dd0e2a9, 0xfb5eac8c, 0x633a392e, 0x500c36f3]);
  });

  it('is another one in each process, so that nobody can choose ids that lie together', () => {
    const key = createKeys('acme')('jti', 'https://issuer.example/', 'token 1');
    const taken = [createFingerprints(), createFingerprints()].map(({ out, ofKey }) => {
      ofKey(key);
      return [...out];
    });
    expect(taken[0]).to.not.deep.equal(taken[1]);
  });

  it('depends on each of the first 20 characters of a key', () => {
    const { out, ofKey } = createFingerprints();
    const seen = new Set<string>();
    for (let i = 0; i < 20; i++) {
      ofKey(`${'A'.repeat(i)}B${'A'.repeat(42 - i)}`);
      seen.add(out.join());
    }
    expect(seen.size).to.equal(20);
  });
});

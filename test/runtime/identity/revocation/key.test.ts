import { expect } from 'chai';
import { createKeys } from '../../../../runtime/identity/revocation/key.ts';

describe('the key of an entry', () => {
  const keys = createKeys('acme');

  it('is of one length, whatever the id is, and names nobody', () => {
    for (const id of ['a', 'x'.repeat(8000), 'user@example.com', '\u0000', '😀']) {
      expect(keys('sub', 'https://issuer.example/', id)).to.match(/^[\w-]{43}$/);
    }
  });

  it('binds tenant, kind, issuer and id, each as it is spelled', () => {
    const all = [
      keys('jti', 'https://issuer.example/', 'a'),
      createKeys('other')('jti', 'https://issuer.example/', 'a'),
      keys('sid', 'https://issuer.example/', 'a'),
      keys('jti', 'https://issuer.example', 'a'),
      keys('jti', 'https://issuer.example/', 'A'),
    ];
    expect(new Set(all).size).to.equal(all.length);
  });

  it('is that of one issuer only, wherever its text is cut', () => {
    const cuts = [
      ['https://a/', 'b"]=c'],
      ['https://a/"', 'b]=c'],
      ['https://a/b', '=c'],
      ['https://a/"]=b', 'c'],
      ['https://a/\u0000b', 'c'],
      ['https://a/', '\u0000bc'],
    ] as const;
    expect(new Set(cuts.map(([iss, id]) => keys('jti', iss, id))).size).to.equal(cuts.length);
  });

  it('tells halves of characters apart, which UTF-8 does not', () => {
    const ids = ['\ud800', '\ud801', '\ufffd', '"\\ud800"', '!"\\ud800"', 'a\ud800', 'a\udc00'];
    expect(new Set(ids.map((id) => keys('jti', 'https://issuer.example/', id))).size).to.equal(ids.length);
  });

  it('is the same whether or not its issuer was seen before, however many there are', () => {
    const before = keys('jti', 'https://issuer.example/', 'a');
    for (let i = 0; i < 2500; i++) keys('jti', `https://issuer.example/${i}`, 'a');
    expect(keys('jti', 'https://issuer.example/', 'a')).to.equal(before);
  });
});

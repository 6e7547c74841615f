import { inspect } from 'node:util';
import { expect } from 'chai';
import { maskSecrets } from '../../../runtime/context/index.ts';

/** Text as it is printed where these are the secrets. */
const masked = (text: string, ...values: string[]): string =>
  maskSecrets(Object.fromEntries(values.map((value, index) => [`S${index}`, value])))(text);

describe('a secret value in text that is printed', () => {
  it('is hidden, each time', () => {
    expect(masked('a sk-12345 b sk-12345sk-12345 c', 'sk-12345')).to.equal('a *** b ****** c');
  });

  it('is looked for by what was made once for all texts, since its spellings take longer than to find them', () => {
    const secrets = { KEY: 'sk-12345' };
    expect(maskSecrets(secrets)).to.equal(maskSecrets(secrets));
    expect(maskSecrets({ ...secrets, MORE: 'sk-6789' })('sk-12345 sk-6789')).to.equal('*** ***');
  });

  it('is hidden where it is all of the text', () => {
    expect(masked('sk-12345', 'sk-12345')).to.equal('***');
  });

  it('is left alone where it is shorter than four characters, since that would protect nothing', () => {
    expect(masked('1 eu abc abcd', '', '1', 'eu', 'abc', 'abcd')).to.equal('1 eu abc ***');
  });

  it('is hidden as URLs spell it', () => {
    const secret = 'p&ss w/rd+é!';
    expect(masked(`/?key=${encodeURIComponent(secret)}&b=1`, secret)).to.equal('/?key=***&b=1');
    expect(masked(`${new URLSearchParams({ key: secret, b: '1' })}`, secret)).to.equal('key=***&b=1');
  });

  it('is hidden as JSON spells it', () => {
    const secret = 'a"b\\c\nd\u0001';
    expect(masked(JSON.stringify({ key: secret, b: 1 }), secret)).to.equal('{"key":"***","b":1}');
  });

  it('is hidden as console spells it within an object', () => {
    const secret = 'it\'s "quoted" `thrice`';
    expect(masked(inspect({ key: secret, b: 1 }), secret)).to.equal("{ key: '***', b: 1 }");
  });

  it('is hidden as Base64 spells it, alone and after a user name', () => {
    const secret = 'p?ss>w/rd+~~';
    for (const before of ['', 'a', 'ab', 'abc', 'user:']) {
      for (const after of ['', '@', ':rest']) {
        for (const encoding of ['base64', 'base64url'] as const) {
          const text = masked(Buffer.from(before + secret + after).toString(encoding), secret);
          expect(text, `${before}…${after} ${encoding}`).to.match(/^[\w+/-]{0,7}\*\*\*[\w+/=-]{0,10}$/);
        }
      }
    }
  });

  it('is hidden line by line where it has several, except for short ones', () => {
    const key = '-----BEGIN KEY-----\r\nMIIEowIBAAKCAQEA\r\nshort\r\n-----END KEY-----\r\n';
    expect(masked(key, key)).to.equal('***');
    expect(key.split(/\r\n/).map((line) => masked(line, key))).to.deep.equal(['***', '***', 'short', '***', '']);
    expect(masked('  MIIEowIBAAKCAQEA  ', key)).to.equal('  ***  ');
  });

  it('is hidden whole where another is part of it, in either order', () => {
    expect(masked('secret-long secret', 'secret', 'secret-long')).to.equal('*** ***');
    expect(masked('secret-long secret', 'secret-long', 'secret')).to.equal('*** ***');
  });

  it('is hidden to its end where it overlaps with another, or with itself', () => {
    expect(masked('<abcdefghi>', 'abcdef', 'defghi')).to.equal('<***>');
    expect(masked('<ababababa>', 'ababa')).to.equal('<***>');
  });

  it('means itself, not a pattern', () => {
    const secret = '^a.c|(b)*[x]{2}$\\d?+';
    expect(masked(`${secret} abc|b`, secret)).to.equal('*** abc|b');
    expect(masked('aXXXc', 'a..c', '.*.*')).to.equal('aXXXc');
  });

  it('puts nothing of its own into the text', () => {
    expect(masked('$& secret $1', 'secret', '$&$1')).to.equal('$& *** $1');
  });

  it('may end in half a character', () => {
    expect(masked('a half\ud800 b', 'half\ud800')).to.equal('a *** b');
  });

  it('is not there where there are no secrets', () => {
    expect(maskSecrets({})('text')).to.equal('text');
  });

  it('is told apart by its case', () => {
    expect(masked('Secret secret', 'secret')).to.equal('Secret ***');
  });
});

import { expect } from 'chai';
import { CLAIMS, checkClaims } from '../../../runtime/token/index.ts';
import { refusalIn } from '../../support/refusal.ts';

const WHOLE_LIMIT = 'whole number from 1 to 2147483647';
const LIMITS = ['ls', 'lm', 'lh', 'ld', 'lw', 'lo', 'lts', 'ltm', 'lth', 'ltd', 'ltw', 'lto'];
const SHA256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';

/** By claim: its type in words, values that are of it, values that are not. */
const TYPES: Record<string, [type: string, good: unknown[], bad: unknown[]]> = {
  jti: ['non-empty text', ['0123456789abcdef0123456789abcdef', 'x'], ['', 1, null, ['a']]],
  ca: ['list of texts', [[], ['a', 'b']], ['a', [1], { 0: 'a' }, null]],
  dd: ['whole number', [0, 1, Number.MAX_SAFE_INTEGER], [-1, 0.5, '1', 2 ** 53, null]],
  dr: ['0 or 1', [0, 1], [2, true, '1', null]],
  ten: ['non-empty text', ['shop', 'a,b', '/^a$/'], ['', 1, ['shop'], null]],
  jtn: ['webtask name', ['pay', 'A-9._~!$+=:@'], ['', 'a/b', 'a b', 'pay\n', 'ü', 1, null]],
  jtnm: ['list of texts', [[], ['a']], ['a', [null]]],
  url: [
    'http or https URL',
    ['https://example.com/a.js', 'http://127.0.0.1:8080/?q=1'],
    [
      '',
      'example.com',
      'ftp://example.com',
      'file:///etc/passwd',
      'javascript:alert(1)',
      'https://',
      'http:x',
      1,
      null,
    ],
  ],
  url_sha256: [
    'SHA-256 in hexadecimal',
    [SHA256],
    [SHA256.toUpperCase(), SHA256.slice(1), `${SHA256}0`, `${SHA256}\n`, '', 1],
  ],
  pctx: ['object', [{}, { a: { b: [1] } }], [[], null, 'a', 1]],
  ectx: ['non-empty text', ['a.b.c.d.e'], ['', {}, null]],
  pb: ['0 or 1 or 2', [0, 1, 2], [3, -1, '1', true, null]],
  mb: ['0 or 1', [0, 1], [2, '1', false, null]],
  host: ['non-empty text', ['example.com'], ['', 1, null]],
  meta: ['object of texts', [{}, { a: 'b' }], [{ a: 1 }, { a: null }, [], ['a'], null]],
};
// 1.0 and 1e3 are whole numbers, and are the same to every reader of JSON.
const TIME: [string, unknown[], unknown[]] = [
  'whole number of seconds',
  [0, 1_800_000_000, 8.64e12],
  [
    -1,
    1.5,
    '1800000000',
    Number.NaN,
    Number.POSITIVE_INFINITY,
    JSON.parse('1e400'),
    2 ** 53,
    8.64e12 + 1,
    null,
    [1],
    true,
  ],
];
for (const name of ['iat', 'exp', 'nbf']) TYPES[name] = TIME;
for (const name of LIMITS) TYPES[name] = [WHOLE_LIMIT, [1, 2 ** 31 - 1], [0, -1, 0.5, 2 ** 31, '1', null]];

describe('the claims of a token', () => {
  it('are these and no others', () => {
    expect(Object.keys(CLAIMS).sort()).to.deep.equal(Object.keys(TYPES).sort());
  });

  for (const [claim, [type, good, bad]] of Object.entries(TYPES)) {
    it(`have ${claim} as ${type}`, () => {
      for (const value of good) expect(checkClaims({ [claim]: value })).to.deep.equal({ [claim]: value });
      for (const value of bad) {
        expect(
          refusalIn(() => checkClaims({ [claim]: value })),
          JSON.stringify(value),
        ).to.deep.equal({
          code: 'TOKEN_CLAIM_TYPE',
          message: `claim \`${claim}\` must be of type \`${type}\``,
          fix: undefined,
        });
      }
    });
  }

  it('are refused by name where one is unknown, also under a name that every object has', () => {
    for (const claim of ['code', 'auth', 'aud', 'Ten', 'constructor', 'toString', '__proto__']) {
      expect(refusalIn(() => checkClaims(JSON.parse(`{"ten":"shop","${claim}":1}`)))).to.deep.equal({
        code: 'TOKEN_CLAIM_UNKNOWN',
        message: `unsupported claim \`${claim}\``,
        fix: undefined,
      });
    }
  });
});

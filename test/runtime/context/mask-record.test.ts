import { expect } from 'chai';
import { maskRecord } from '../../../runtime/context/index.ts';

const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJ0ZW4iOiJkZXYifQ.c2lnbmF0dXJl';
const mask = maskRecord({ PIN: '12345' });

/** Each text, and what is left of it. */
const MASKED: readonly (readonly [text: string, masked: string])[] = [
  ['the pin 12345', 'the pin ***'],
  [`a token ${JWT}, and more`, 'a token ***, and more'],
  [`${JWT.slice(0, JWT.lastIndexOf('.') + 1)}`, '***'],
  ['GET /api/logs/tenant/dev?key=abc&name=pay', 'GET /api/logs/tenant/dev?key=***&name=pay'],
  ['"/hook?a=1&key=a%2Fb"', '"/hook?a=1&key=***"'],
  ['/x?next=%2Frun%3Fkey%3Dabc%26a%3D1&b=2', '/x?next=%2Frun%3Fkey%3D***&b=2'],
  ['{"url":"/run?a=1\\u0026key=abc"}', '{"url":"/run?a=1\\u0026key=***"}'],
  ['/revoke?token=abc', '/revoke?token=***'],
  ['access_token=abc; refresh-token=def', 'access_token=*** refresh-token=***'],
  ['/run?webtask_url=https://a.b/c&webtask_no_cache=1', '/run?webtask_url=***&webtask_no_cache=***'],
  ['Authorization: Bearer abc', 'Authorization: ***'],
  ["{ authorization: 'Basic dXNlcjpwdw==', host: 'a' }", "{ authorization: '***', host: 'a' }"],
  ['{"headers":{"authorization":"opaque","host":"a"}}', '{"headers":{"authorization":"***","host":"a"}}'],
  ['{\\"Proxy-Authorization\\":\\"Basic abc\\"}', '{\\"Proxy-Authorization\\":\\"***\\"}'],
  ["[ 'Authorization', 'Bearer 0a1b2c3d4e' ]", "[ 'Authorization', 'Bearer ***' ]"],
];

describe('text of a record', () => {
  for (const [text, masked] of MASKED) {
    it(`shows nothing that gives access: ${text}`, () => {
      expect(mask(text)).to.equal(masked);
    });
  }

  it('is left alone otherwise', () => {
    const text = 'monkey=1, basic authentication, eyJ is how JSON begins, keys=2, the token is fine, /a?keyword=b';
    expect(mask(text)).to.equal(text);
  });

  it('is searched in linear time, whatever a webtask prints', () => {
    for (const piece of ['-eyJ', 'a-', 'token', 'authorization ', 'Bearer ', '&key', 'eyJa.']) {
      const startedAt = performance.now();
      mask(piece.repeat(200_000));
      expect(performance.now() - startedAt, piece).to.be.below(2000);
    }
  });

  it('passes a mask that is made once for the same secrets', () => {
    const secrets = { A: 'abcdef' };
    expect(maskRecord(secrets)).to.equal(maskRecord(secrets));
  });
});

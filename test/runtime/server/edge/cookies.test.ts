import { expect } from 'chai';
import { scopeCookie } from '../../../../runtime/server/edge/cookies.ts';

const SHARED = { path: '/api/run/shop', reachesOthers: () => true };

describe('a cookie of a webtask on a domain that containers share', () => {
  for (const [why, cookie, kept] of [
    ['goes to its container only', 'a=1', 'a=1; Path=/api/run/shop'],
    ['does not go to all', 'a=1; Path=/', 'a=1; Path=/api/run/shop'],
    ['does not go to other containers', 'a=1; Path=/api/run/other', 'a=1; Path=/api/run/shop'],
    ['does not go to containers whose name begins alike', 'a=1; Path=/api/run/shop2', 'a=1; Path=/api/run/shop'],
    ['does not go to the management API', 'a=1; path=/api/tokens', 'a=1; Path=/api/run/shop'],
    ['may go to one webtask only', 'a=1; Path=/api/run/shop/pay', 'a=1; Path=/api/run/shop/pay'],
    ['has the path that browsers take, the last one', 'a=1; Path=/api/run/shop/x; path=/', 'a=1; Path=/api/run/shop'],
    [
      'has one path, also where it is written with spaces',
      'a=1;\tPATH\t=\t/ ;Secure',
      'a=1;Secure; Path=/api/run/shop',
    ],
    ['has one path, also where there is no value', 'a=1; Path; Path=', 'a=1; Path=/api/run/shop'],
    ['goes to no other host', 'a=1; Domain=example.com; Secure', 'a=1; Secure; Path=/api/run/shop'],
    [
      'keeps what else it says',
      'a="1, 2"; Max-Age=5; HttpOnly; Secure; SameSite=None; Partitioned',
      'a="1, 2"; Max-Age=5; HttpOnly; Secure; SameSite=None; Partitioned; Path=/api/run/shop',
    ],
    ['may ask for Secure by its name', '__Secure-a=1; Secure', '__Secure-a=1; Secure; Path=/api/run/shop'],
    ['is dropped where it has to be for the whole host', '__Host-a=1; Secure; Path=/', undefined],
    ['is dropped so in any spelling', ' __hOST-Http-a=1; Secure; Path=/', undefined],
    ['is dropped where its value would be read as such a name', '=__Host-a=1; Path=/', undefined],
    [
      'has no path that is too long for browsers, which would take none',
      `a=1; Path=/api/run/shop/${'x'.repeat(1024)}`,
      'a=1; Path=/api/run/shop',
    ],
  ] as const) {
    it(why, () => {
      expect(scopeCookie(cookie, SHARED)).to.equal(kept);
    });
  }

  it('is dropped where the path of the container is too long for browsers', () => {
    expect(scopeCookie('a=1', { ...SHARED, path: `/api/run/${'x'.repeat(1024)}` })).to.equal(undefined);
  });
});

describe('a cookie of a webtask on a domain of its own', () => {
  const reachesOthers = (domain: string): boolean => domain === 'example.com';

  for (const [why, cookie, kept] of [
    ['stays as it is', 'a=1; Path=/x; Secure', 'a=1; Path=/x; Secure'],
    ['may be for the whole host', '__Host-a=1; Secure; Path=/', '__Host-a=1; Secure; Path=/'],
    ['may go to hosts below', 'a=1; Domain=shop.test', 'a=1; Domain=shop.test'],
    ['does not go where others are', 'a=1; Domain=.example.com; Path=/', 'a=1; Path=/'],
  ] as const) {
    it(why, () => {
      expect(scopeCookie(cookie, { reachesOthers })).to.equal(kept);
    });
  }
});

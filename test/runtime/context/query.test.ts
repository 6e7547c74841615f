import { expect } from 'chai';
import { readQuery } from '../../../runtime/context/index.ts';

describe('the query of a webtask', () => {
  for (const [what, url, query] of [
    ['is empty without one', '/a/b', {}],
    ['is empty where it is', '/a?', {}],
    ['has its keys decoded', '/?a%20b=c%20d+e&%C3%A9=%E2%98%95', { 'a b': 'c d e', é: '☕' }],
    ['has a repeated key as an array, in order', '/?a=1&b=2&a=3&a=', { a: ['1', '3', ''], b: '2' }],
    ['has a key without a value', '/?a&b=', { a: '', b: '' }],
    ['knows no nested keys', '/?a[b]=1&c[]=2', { 'a[b]': '1', 'c[]': '2' }],
    ['begins at the first question mark', '/?a=1?b=2', { a: '1?b=2' }],
    ['leaves alone what is wrongly encoded', '/?a=%zz&b=%', { a: '%zz', b: '%' }],
  ] as const) {
    it(what, () => {
      expect(readQuery(url)).to.deep.equal({ query, reserved: {} });
    });
  }

  it('lacks the keys of the platform, however they are spelled', () => {
    expect(readQuery('/?key=T&a=1&webtask_pb=1&webtask_no_cache=1&%6bey=U&webtask%5Fmb=1')).to.deep.equal({
      query: { a: '1' },
      reserved: { key: ['T', 'U'], webtask_pb: '1', webtask_no_cache: '1', webtask_mb: '1' },
    });
  });

  for (const [url, key] of [
    ['/?key=a.b-c_d~e', 'a.b-c_d~e'],
    ['/a?key=a=b?c', 'a=b?c'],
    ['/?key=', ''],
    ['/?key=a%2Eb', 'a.b'],
    ['/?key=a+b', 'a b'],
    ['/?key=a&key=b', ['a', 'b']],
  ] as const) {
    it(`lacks a key that is alone: ${url}`, () => {
      expect(readQuery(url)).to.deep.equal({ query: {}, reserved: { key } });
    });
  }

  it('has keys that only look like those of the platform', () => {
    expect(readQuery('/?Key=1&keys=2&webtask=3&Webtask_pb=4').query).to.deep.equal({
      Key: '1',
      keys: '2',
      webtask: '3',
      Webtask_pb: '4',
    });
  });

  it('has __proto__ as a key like others', () => {
    const { query } = readQuery('/?__proto__=a&constructor=b&__proto__=c');
    expect(Object.entries(query)).to.deep.equal([
      ['__proto__', ['a', 'c']],
      ['constructor', 'b'],
    ]);
    expect(Object.getPrototypeOf(query)).to.equal(Object.prototype);
  });

  it('is an ordinary object, that old code asks for hasOwnProperty', () => {
    expect(Reflect.apply(readQuery('/?a=1').query.hasOwnProperty as never, readQuery('/?a=1').query, ['a'])).to.equal(
      true,
    );
  });
});

import { expect } from 'chai';
import { mergeData } from '../../../runtime/context/data.ts';

const NOTHING = { query: {}, params: {}, secrets: {}, body: undefined };

describe('context.data', () => {
  it('has what query, parameters and secrets have', () => {
    const data = mergeData({ ...NOTHING, query: { a: ['1', '2'] }, params: { b: { c: 1 } }, secrets: { D: 'd' } });
    expect(data).to.deep.equal({ a: ['1', '2'], b: { c: 1 }, D: 'd' });
  });

  it('has the parameter where the query has its name, and the secret where anything has', () => {
    const data = mergeData({
      query: { a: 'query', b: 'query', c: 'query' },
      params: { b: 'param', c: 'param', d: 'param' },
      secrets: { c: 'secret', d: 'secret' },
      body: { a: 'body', b: 'body', c: 'body', d: 'body', e: 'body' },
    });
    expect(data).to.deep.equal({ a: 'query', b: 'param', c: 'secret', d: 'secret', e: 'body' });
  });

  it('lets no caller replace what is empty, or nothing', () => {
    const params = { zero: 0, no: false, nothing: null, missing: undefined };
    const taken = { S: 'body', zero: 1, no: true, nothing: 'body', missing: 'body' };
    expect(mergeData({ query: {}, params, secrets: { S: '' }, body: taken })).to.deep.equal({ ...params, S: '' });
  });

  it('takes nothing of a body that is no object', () => {
    for (const body of [undefined, null, 'text', 42, true, ['a', 'b']]) {
      expect(mergeData({ ...NOTHING, body })).to.deep.equal({});
    }
  });

  it('keeps the body’s values as they are', () => {
    const body = { list: [1, { a: 2 }], nothing: null };
    expect(mergeData({ ...NOTHING, body })).to.deep.equal(body);
  });

  for (const [where, sources] of [
    ['query', { ...NOTHING, query: JSON.parse('{"__proto__":"x","toString":"y"}') }],
    ['body', { ...NOTHING, body: JSON.parse('{"__proto__":{"admin":true},"toString":"y"}') }],
  ] as const) {
    it(`has __proto__ of the ${where} as a name like others`, () => {
      const data = mergeData(sources);
      expect(Object.keys(data)).to.deep.equal(['__proto__', 'toString']);
      expect(Object.getPrototypeOf(data)).to.equal(Object.prototype);
      expect(data.admin).to.equal(undefined);
    });
  }

  it('lets no __proto__ of a body stand in for a secret', () => {
    const data = mergeData({ ...NOTHING, secrets: { S: 's' }, body: JSON.parse('{"__proto__":{"S":"x"},"S":"y"}') });
    expect(data.S).to.equal('s');
  });
});

import { expect } from 'chai';
import { LRUCache } from 'lru-cache';
import { entries } from '../../runtime/entries.ts';

describe('a cache of so many entries', () => {
  it('keeps those that were used last, and no more', () => {
    const known = new LRUCache<string, number>(entries(2));
    known.set('a', 1).set('b', 2);
    known.get('a');
    known.set('c', 3);
    expect([...known.keys()]).to.deep.equal(['c', 'a']);
  });

  it('counts an entry that is set again once', () => {
    const known = new LRUCache<string, number>(entries(2));
    known.set('a', 1).set('b', 2).set('b', 3).set('b', 4);
    expect([...known.entries()]).to.deep.equal([
      ['b', 4],
      ['a', 1],
    ]);
  });
});

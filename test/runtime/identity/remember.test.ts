import { expect } from 'chai';
import { createMemory } from '../../../runtime/identity/remember.ts';

describe('what is remembered by a text', () => {
  it('is there again, and nothing else is', () => {
    const memory = createMemory<number>(10);
    memory.set('a', 1);
    expect([memory.get('a'), memory.get('b'), memory.get('__proto__')]).to.deep.equal([1, undefined, undefined]);
  });

  it('is never more than the number that it was made for, so that nobody can fill the memory with it', () => {
    const memory = createMemory<number>(10);
    for (let i = 0; i < 1000; i++) memory.set(`${i}`, i);
    const there = Array.from({ length: 1000 }, (_, i) => i).filter((i) => memory.get(`${i}`) !== undefined);
    expect(there).to.have.length.within(5, 10);
    expect(there).to.include(999);
  });

  it('stays as long as it is asked for', () => {
    const memory = createMemory<string>(10);
    memory.set('kept', 'yes');
    for (let i = 0; i < 1000; i++) {
      memory.set(`${i}`, 'other');
      expect(memory.get('kept')).to.equal('yes');
    }
  });
});

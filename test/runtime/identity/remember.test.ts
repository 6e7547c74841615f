import { expect } from 'chai';
import { createMemory, type Memory } from '../../../runtime/identity/remember.ts';

describe('what is remembered by a text', () => {
  /** Has a text come twice. */
  function setTwice<Value>(memory: Memory<Value>, text: string, value: Value): void {
    memory.set(text, value);
    memory.set(text, value);
  }

  it('is there from the second time on that it comes, and nothing else is', () => {
    const memory = createMemory<number>(10);
    memory.set('a', 1);
    expect(memory.get('a')).to.equal(undefined);
    memory.set('a', 2);
    expect([memory.get('a'), memory.get('b'), memory.get('__proto__')]).to.deep.equal([2, undefined, undefined]);
  });

  it('is there where many come in turn, which do not keep each other from being known', () => {
    const memory = createMemory<number>(2000);
    const texts = Array.from({ length: 900 }, (_, i) => `token ${i}`);
    for (const value of [1, 2]) for (const text of texts) memory.set(text, value);
    expect(texts.filter((text) => memory.get(text) !== 2)).to.deep.equal([]);
  });

  it('is that of the whole text, be its end the same as that of another', () => {
    const memory = createMemory<string>(10);
    const end = 'x'.repeat(100);
    setTwice(memory, `a${end}`, 'a');
    expect(memory.get(`b${end}`)).to.equal(undefined);
    setTwice(memory, `b${end}`, 'b');
    expect([memory.get(`a${end}`), memory.get(`b${end}`)]).to.deep.equal([undefined, 'b']);
  });

  it('is never more than the number that it was made for, so that nobody can fill the memory with it', () => {
    const memory = createMemory<number>(10);
    for (let i = 0; i < 1000; i++) setTwice(memory, `${i}`, i);
    const there = Array.from({ length: 1000 }, (_, i) => i).filter((i) => memory.get(`${i}`) !== undefined);
    expect(there).to.have.length.within(5, 10);
    expect(there).to.include(999);
  });

  it('stays as long as it is asked for', () => {
    const memory = createMemory<string>(10);
    setTwice(memory, 'kept', 'yes');
    for (let i = 0; i < 1000; i++) {
      setTwice(memory, `${i}`, 'other');
      expect(memory.get('kept')).to.equal('yes');
    }
  });
});

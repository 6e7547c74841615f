import { expect } from 'chai';
import fc from 'fast-check';
import { keepByNumber } from '../../../runtime/worker/by-number.ts';

describe('things by their number', () => {
  it('are found, counted, listed in the order of their numbers, and gone when they are deleted', () => {
    const things = keepByNumber<string>();
    things.set(7, 'seven');
    things.set(2, 'two');
    things.set(2, 'two again');
    expect([things.get(2), things.get(3), things.size, things.all()]).to.deep.equal([
      'two again',
      undefined,
      2,
      ['two again', 'seven'],
    ]);
    expect([things.delete(2), things.delete(2), things.get(2), things.size]).to.deep.equal([true, false, undefined, 1]);
    things.clear();
    expect([things.get(7), things.size, things.all()]).to.deep.equal([undefined, 0, []]);
  });

  it('are as a Map has them, whatever comes and goes, and however long some stay', () => {
    const step = fc.record({
      id: fc.oneof(
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 3 }).map((n) => n * 256 + 1),
      ),
      what: fc.constantFrom('set', 'set', 'delete'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const things = keepByNumber<number>();
        const model = new Map<number, number>();
        for (const [at, { id, what }] of steps.entries()) {
          if (what === 'delete') expect(things.delete(id)).to.equal(model.delete(id));
          else {
            things.set(id, at);
            model.set(id, at);
          }
          for (const { id } of steps) expect(things.get(id)).to.equal(model.get(id));
          expect(things.size).to.equal(model.size);
        }
        expect(things.all()).to.deep.equal([...model].sort(([a], [b]) => a - b).map(([, it]) => it));
      }),
    );
  });

  it('have room for numbers as large as there are', () => {
    const things = keepByNumber<string>();
    for (const id of [2 ** 32 - 1, 2 ** 31, 255]) things.set(id, `${id}`);
    expect([things.all(), things.get(2 ** 32 - 1), things.delete(2 ** 31), things.size]).to.deep.equal([
      ['255', '2147483648', '4294967295'],
      '4294967295',
      true,
      2,
    ]);
  });
});

import { expect } from 'chai';
import { createKeys } from '../../../../runtime/identity/revocation/key.ts';
import { ALWAYS, createTable, NEVER } from '../../../../runtime/identity/revocation/table.ts';
import { createRandom } from '../../../support/revocation-simulation/world.ts';

const NOW = 1_767_225_600;

describe('the table of what is forbidden', () => {
  const keys = createKeys('acme');
  const keyOf = (id: number | string): string => keys('jti', 'https://issuer.example/', String(id));

  it('finds what was added, and nothing else', () => {
    const table = createTable();
    expect(table.find(keyOf(1))).to.equal(-1);
    table.add(keyOf(1), ALWAYS, NEVER, NOW);
    table.add(keyOf(2), NOW, NOW + 60, NOW);
    expect([1, 2, 3].map((id) => table.find(keyOf(id)))).to.deep.equal([ALWAYS, NOW, -1]);
    expect(table.size()).to.equal(2);
  });

  it('keeps the later time and the later end of entries with one key, in any order', () => {
    for (const [first, second] of [
      [NOW - 5, NOW],
      [NOW, NOW - 5],
    ] as const) {
      const table = createTable();
      table.add(keyOf(1), first, first + 60, NOW);
      table.add(keyOf(1), second, second + 60, NOW);
      expect(table.find(keyOf(1))).to.equal(NOW);
      expect(table.size()).to.equal(1);
      for (let part = 0; part < 256; part++) table.sweep(NOW + 59);
      expect(table.find(keyOf(1))).to.equal(NOW);
    }
  });

  it('lets go of what has ended when it is swept, once through, and of nothing else', () => {
    const table = createTable();
    for (let i = 0; i < 5000; i++) table.add(keyOf(i), ALWAYS, i % 2 ? NOW + 10 : NOW + 20, NOW);
    const before = table.bytes();
    for (let part = 0; part < 256; part++) table.sweep(NOW + 10);
    expect(table.size()).to.equal(2500);
    expect(table.bytes()).to.be.below(before);
    for (let i = 0; i < 5000; i++) expect(table.find(keyOf(i))).to.equal(i % 2 ? -1 : ALWAYS);
  });

  it('takes less than 32 bytes an entry, whatever their number is', () => {
    const table = createTable();
    for (let i = 1; i <= 100_000; i++) {
      table.add(keyOf(i), ALWAYS, NEVER, NOW);
      if (i % 10_000 === 0) expect(table.bytes() / i, `${i} entries`).to.be.below(33.5);
    }
    expect(table.size()).to.equal(100_000);
  });

  it('answers as a map does, whatever is added, joined and swept', () => {
    const random = createRandom(1);
    const table = createTable();
    const model = new Map<number, { notBefore: number; expires: number }>();
    let now = NOW;
    for (let step = 0; step < 100_000; step++) {
      const id = random.below(20_000);
      const notBefore = random.chance(0.3) ? ALWAYS : now - random.below(100);
      const expires = random.chance(0.1) ? NEVER : now + 1 + random.below(500);
      // What has ended is forgotten, or not.
      const before = (model.get(id)?.expires ?? 0) > now ? model.get(id) : undefined;
      table.add(keyOf(id), notBefore, expires, now);
      model.set(id, {
        notBefore: Math.max(before?.notBefore ?? 0, notBefore),
        expires: Math.max(before?.expires ?? 0, expires),
      });
      if (step % 100 === 0) {
        now += 1;
        table.sweep(now);
      }
      const asked = random.below(20_000);
      const expected = model.get(asked);
      const found = table.find(keyOf(asked));
      if (expected && expected.expires > now) expect(found).to.be.at.least(expected.notBefore);
      else if (!expected) expect(found).to.equal(-1);
    }
  });

  it('goes on from the parts of another one', () => {
    const table = createTable();
    for (let i = 0; i < 1000; i++) table.add(keyOf(i), NOW + i, NEVER, NOW);
    const next = createTable(table.parts());
    expect(next.size()).to.equal(1000);
    for (let i = 0; i < 1000; i++) expect(next.find(keyOf(i))).to.equal(NOW + i);
    next.add(keyOf('more'), ALWAYS, NEVER, NOW);
    expect(next.find(keyOf('more'))).to.equal(ALWAYS);
  });
});

import { expect } from 'chai';
import fc from 'fast-check';
import { formatPlace, nameOf, parsePlace } from '../../../../runtime/identity/revocation/place.ts';
import { refusalIn } from '../../../support/refusal.ts';

const OF = nameOf('store', 'acme');

describe('a place in the feed, which every server over one store understands', () => {
  it('says what is known of each log, by short names, and where it is among the entries', () => {
    const known = new Map([
      [nameOf('one'), 7],
      [nameOf('two'), 120],
    ]);
    expect(formatPlace({ of: OF, burials: 3, known })).to.equal(`1.${OF}.3.${nameOf('one')}7*${nameOf('two')}120*`);
    const stored = { shard: 2, after: 'a'.repeat(43) };
    expect(formatPlace({ of: OF, burials: 0, known: new Map(), stored })).to.equal(`1.${OF}.0..2.${'a'.repeat(43)}`);
  });

  it('is short: a hundred servers that have written a million items each fit in 2 KB', () => {
    const known = new Map(Array.from({ length: 100 }, (_, n) => [nameOf(`writer ${n}`), 1_000_000]));
    expect(formatPlace({ of: OF, burials: 1000, known }).length).to.be.below(2_050);
  });

  it('is read as it was written', () => {
    const name = fc.string().map((text) => nameOf(text));
    const stored = fc.record({ shard: fc.nat({ max: 3 }), after: fc.constantFrom('', nameOf('a')) });
    fc.assert(
      fc.property(
        fc.record({
          of: name,
          burials: fc.nat(),
          known: fc.array(fc.tuple(name, fc.nat())).map((pairs) => new Map(pairs)),
          stored: fc.option(stored, { nil: undefined }),
        }),
        ({ stored: at, ...rest }) => {
          const place = { ...rest, ...(at && { stored: at }) };
          expect(parsePlace(formatPlace(place))).to.deep.equal(place);
        },
      ),
    );
  });

  const refuses = (text: string) =>
    expect(
      refusalIn(() => parsePlace(text)),
      text.slice(0, 80),
    ).to.include({
      code: 'REVOCATION_REQUEST',
      message: 'The request cannot be understood: its after is no place in the feed.',
    });

  it('is refused by name where it is garbled', () => {
    const good = `1.${OF}.3.${nameOf('one')}7*`;
    const garbled = [
      '',
      'nonsense',
      good.slice(0, -1),
      good.slice(2),
      `2${good.slice(1)}`,
      `${good}.4.`,
      `${good}.0.${'a'.repeat(44)}`,
      `${good}.0.../members`,
      `${good}\n`,
      `1.${OF}.-1.`,
      `1.${OF}.1e5.`,
      `1.${OF}.0.${nameOf('one')}*`,
      `1.${OF}.0.${nameOf('one')}-7*`,
      `1.${OF}.0.${nameOf('one')}${'9'.repeat(13)}*`,
      '00000000-0000-4000-8000-000000000000.5',
      `1.${OF}.0.${`${nameOf('one')}1*`.repeat(1000)}`,
      '1.'.repeat(1_000_000),
    ];
    for (const text of garbled) refuses(text);
  });

  it('is refused or read, whatever it is, and nothing else happens', () => {
    const almost = fc.string({ unit: fc.constantFrom('1', '.', '*', 'a', '-', '_', '9', '0'), maxLength: 80 });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          almost,
          almost.map((text) => `1.${OF}.${text}`),
        ),
        (text) => {
          try {
            parsePlace(text);
          } catch {
            refuses(text);
          }
        },
      ),
    );
  });
});

import { type BenchOptions, type Measured, measured } from '../bench.ts';

/** What is measured of each contender in each round, by the name of the contender. */
export type Rounds = Map<string, number[]>;

/**
 * Has contenders take turns: each is measured once in every round, and the order moves on by one, so that none is always
 * the first.
 *
 * @param measure - what it gives for a contender are numbers by name
 */
export async function inTurns<T extends { readonly name: string }>(
  contenders: readonly T[],
  rounds: number,
  say: BenchOptions['say'],
  measure: (contender: T) => Promise<Readonly<Record<string, number>>>,
): Promise<Rounds> {
  const found: Rounds = new Map();
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < contenders.length; i++) {
      const contender = contenders[(round + i) % contenders.length];
      if (!contender) continue;
      const values = await measure(contender);
      for (const [name, value] of Object.entries(values)) found.set(name, [...(found.get(name) ?? []), value]);
      const shown = Object.entries(values).map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`);
      say(`round ${round + 1} of ${rounds}: ${shown.join(', ')}`);
    }
  }
  return found;
}

/** Sums up all rounds. */
export function summaries(rounds: Rounds, unit: string | ((name: string) => string)): Record<string, Measured> {
  const entries = [...rounds].map(([name, values]): [string, Measured] => [
    name,
    measured(values, typeof unit === 'string' ? unit : unit(name)),
  ]);
  return Object.fromEntries(entries);
}

/**
 * The median of the ratios of each round to a reference in the same round: what else the machine does changes from one
 * to the next.
 */
export function ratioOf(rounds: Rounds, name: string, reference: string): number {
  const references = rounds.get(reference) ?? [];
  const ratios = (rounds.get(name) ?? []).map((value, i) => value / (references[i] ?? Number.NaN));
  return measured(ratios, '').median;
}

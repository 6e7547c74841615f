import { readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, platform, release } from 'node:os';

/** How a benchmark is run. */
export interface BenchOptions {
  /** Few and short rounds: whether it works, not how fast it is. */
  readonly quick: boolean;
  /** Is told what is being measured. */
  readonly say: (line: string) => void;
}

/** What was measured of one contender: over all rounds. */
export interface Measured {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly unit: string;
}

/** What a benchmark found. */
export interface BenchResult {
  readonly rounds: number;
  readonly contenders: Readonly<Record<string, Measured>>;
  /** Of medians, by what is compared. */
  readonly ratios: Readonly<Record<string, number>>;
  /** Of the packages that are compared with. */
  readonly versions?: Readonly<Record<string, string>> | undefined;
}

/** A file of this folder exports one as `bench`. */
export type Bench = (options: BenchOptions) => Promise<BenchResult>;

/** Sums up what one contender did in each round. */
export function measured(values: readonly number[], unit: string): Measured {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  const middle = Math.floor(sorted.length / 2);
  const median = sorted.length % 2 === 1 ? at(middle) : (at(middle - 1) + at(middle)) / 2;
  return { median: rounded(median), min: rounded(at(0)), max: rounded(at(sorted.length - 1)), unit };
}

/** What was found, on what machine, and of which versions. */
export interface Report extends BenchResult {
  readonly machine: Readonly<Record<string, string | number>>;
  readonly versions: Readonly<Record<string, string>>;
}

/** Says of what a benchmark found what it was measured on, and of what. */
export function reportOf({ versions, ...found }: BenchResult): Report {
  const { model = 'unknown' } = cpus()[0] ?? {};
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(text) as { version: string };
  return {
    machine: { cpu: model, cores: availableParallelism(), system: `${platform()} ${release()} ${arch()}` },
    versions: { node: process.versions.node, 'webtask-kit': version, ...versions },
    ...found,
  };
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { type BenchResult, describeMachine, describeVersions, type Measured } from '../bench.ts';
import { plot } from './plot.ts';

/** What is kept of a benchmark. */
interface Kept extends BenchResult {
  readonly date: string;
  /** Processes that waited for a core in the minute before it ended, these and others. */
  readonly load: number;
  readonly machine: object;
  readonly versions: object;
}

const NAMES = ['run', 'cold', 'bodies', 'memory'] as const;
/** Of these, what is drawn: the unit. */
const DRAWN: Readonly<Record<string, string>> = { run: 'answers/s', cold: 'ms', memory: 'MB' };

const FOLDER = new URL('../results/', import.meta.url);

/** Keeps the result of a benchmark, and writes RESULTS.md and its plots anew from all that are kept. */
export function keepResult(name: string, result: BenchResult): void {
  const kept: Kept = {
    date: new Date().toISOString().slice(0, 10),
    load: Number((loadavg()[0] ?? 0).toFixed(1)),
    machine: describeMachine(),
    versions: describeVersions(),
    ...result,
  };
  writeFileSync(new URL(`${name}.json`, FOLDER), `${JSON.stringify(kept, null, 2)}\n`);
  const pages = NAMES.flatMap((it) => {
    const file = new URL(`${it}.json`, FOLDER);
    return existsSync(file) ? [page(it, JSON.parse(readFileSync(file, 'utf8')) as Kept)] : [];
  });
  writeFileSync(new URL('../RESULTS.md', import.meta.url), `${INTRODUCTION}\n${pages.join('\n')}`);
}

const INTRODUCTION = `# Results

Written by \`npm run bench -- NAME --results\`; [README.md](README.md) says what is measured. Medians, with the least and
the most of all rounds; a ratio is the median of the rounds' own. The load is of the machine's own work and of all else
that ran on it meanwhile: only ratios can be compared from one result to the next.
`;

function page(name: string, { date, load, machine, versions, rounds, contenders, ratios }: Kept): string {
  const unit = DRAWN[name];
  const bars = Object.entries(contenders).filter(([it, { unit: its }]) => its === unit && !it.endsWith('p99'));
  if (unit !== undefined) writeFileSync(new URL(`${name}.svg`, FOLDER), plot(`${name}: ${unit}`, bars));
  const facts = { ...machine, ...versions, rounds, load };
  return [
    `## ${name}\n`,
    `${date}; ${Object.entries(facts)
      .map(([what, it]) => `${what} ${it}`)
      .join(', ')}.\n`,
    ...(unit === undefined ? [] : [`![${name}](results/${name}.svg)\n`]),
    table(['', 'median', 'least to most'], Object.entries(contenders).map(rowOf)),
    table(
      ['ratio', ''],
      Object.entries(ratios).map(([what, ratio]) => [what, String(ratio)]),
    ),
  ].join('\n');
}

function rowOf([name, { median, min, max, unit }]: [string, Measured]): string[] {
  return [name, `${median} ${unit}`, `${min} to ${max}`];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return `${[line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')}\n`;
}

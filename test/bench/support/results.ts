import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { type BenchResult, type Measured, type Report, reportOf } from '../bench.ts';
import { plot } from './plot.ts';

/** What is kept of a benchmark. */
interface Kept extends Report {
  readonly date: string;
  /** Processes that waited for a core in the minute before it ended, these and others. */
  readonly load: number;
}

const NAMES = ['run', 'cold', 'bodies', 'neighbours', 'memory', 'limits', 'identity', 'identity-revocation'] as const;
/** Of these, what is drawn: the unit. */
const DRAWN: Readonly<Record<string, string>> = { run: 'answers/s', cold: 'ms', memory: 'MB' };

const PAGES = new URL('../', import.meta.url);
const FOLDER = new URL('results/', PAGES);

/** Keeps the result of a benchmark, and writes RESULTS.md and its plots anew from all that are kept. */
export function keepResult(name: string, result: BenchResult): void {
  const kept: Kept = {
    date: new Date().toISOString().slice(0, 10),
    load: Number((loadavg()[0] ?? 0).toFixed(1)),
    ...reportOf(result),
  };
  writeFileSync(new URL(`${name}.json`, FOLDER), `${JSON.stringify(kept, null, 2)}\n`);
  for (const [file, text] of renderResults()) writeFileSync(new URL(file, PAGES), text);
}

/** Makes the page of all results that are kept, and its plots: texts by their paths in the folder of benchmarks. */
export function renderResults(): Map<string, string> {
  const kept = NAMES.flatMap((name): [string, Kept][] => {
    const file = new URL(`${name}.json`, FOLDER);
    return existsSync(file) ? [[name, JSON.parse(readFileSync(file, 'utf8')) as Kept]] : [];
  });
  const page = [INTRODUCTION, ...kept.map(([name, it]) => sectionOf(name, it))].join('\n');
  return new Map([['RESULTS.md', page], ...kept.flatMap(([name, it]) => plotOf(name, it))]);
}

const INTRODUCTION = `# Results

Written by \`npm run bench -- NAME --results\`; [README.md](README.md) says what is measured. Medians, with the least and
the most of all rounds; a ratio is the median of the rounds' own. The load is of the machine's own work and of all else
that ran on it meanwhile: only ratios can be compared from one result to the next.
`;

function plotOf(name: string, { contenders }: Kept): [string, string][] {
  const unit = DRAWN[name];
  const bars = Object.entries(contenders).filter(([it, { unit: its }]) => its === unit && !it.endsWith('p99'));
  return unit === undefined ? [] : [[`results/${name}.svg`, plot(`${name}: ${unit}`, bars)]];
}

function sectionOf(name: string, { date, load, machine, versions, rounds, contenders, ratios }: Kept): string {
  const facts = { ...machine, ...versions, rounds, load };
  return [
    `## ${name}\n`,
    `${date}; ${Object.entries(facts)
      .map(([what, it]) => `${what} ${it}`)
      .join(', ')}.\n`,
    ...(DRAWN[name] === undefined ? [] : [`![${name}](results/${name}.svg)\n`]),
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

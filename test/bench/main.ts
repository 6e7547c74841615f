/**
 * Runs a benchmark: `npm run bench -- NAME [--quick] [--json] [--results]`. With `--json` it prints one JSON object and
 * nothing else; with `--results` it keeps what it found.
 */
import { existsSync, readdirSync } from 'node:fs';
import { type Bench, type BenchResult, reportOf } from './bench.ts';
import { keepResult } from './support/results.ts';

const OWN = ['bench.ts', 'main.ts'];

const [name = '', ...flags] = process.argv.slice(2);
const file = new URL(`./${name}.ts`, import.meta.url);
const known = readdirSync(new URL('.', import.meta.url)).filter((it) => it.endsWith('.ts') && !OWN.includes(it));
const isKnown = /^[-a-z]+$/.test(name) && !OWN.includes(`${name}.ts`) && existsSync(file);
const unknownFlag = flags.find((it) => !['--quick', '--json', '--results'].includes(it));
if (!isKnown || unknownFlag !== undefined) {
  console.error(unknownFlag ? `bench: there is no ${unknownFlag}` : `bench: there is no benchmark "${name}"`);
  console.error(
    `usage: npm run bench -- NAME [--quick] [--json] [--results]; NAME is ${known.map((it) => it.slice(0, -3)).join(', ')}`,
  );
  process.exit(2);
}

const { bench } = (await import(file.href)) as { bench: Bench };
const isJson = flags.includes('--json');
const result = await bench({ quick: flags.includes('--quick'), say: isJson ? () => undefined : console.log });
if (flags.includes('--results')) keepResult(name, result);
if (isJson) console.log(JSON.stringify({ bench: name, ...reportOf(result) }));
else printTable(result);

function printTable({ rounds, contenders, ratios }: BenchResult): void {
  const width = Math.max(...Object.keys({ ...contenders, ...ratios }).map((it) => it.length));
  console.log(`\nmedian of ${rounds} rounds (min to max)`);
  for (const [what, { median, min, max, unit }] of Object.entries(contenders)) {
    console.log(`${what.padEnd(width)}  ${median} ${unit} (${min} to ${max})`);
  }
  for (const [what, ratio] of Object.entries(ratios)) console.log(`${what.padEnd(width)}  ${ratio}`);
}

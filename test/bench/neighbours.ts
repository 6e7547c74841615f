import type { BenchOptions, BenchResult } from './bench.ts';
import { type Kit, type Mode, prepareKit } from './support/kit.ts';
import { type Load, load } from './support/load.ts';
import { inTurns, ratioOf, summaries } from './support/rounds.ts';
import { start } from './support/start.ts';

/** What one container does while another one is asked. */
const ATTACKS = {
  'large bodies': `const body = Buffer.alloc(1 << 20, 'x');
    module.exports = (context, req, res) => res.end(body);`,
  'an end with each request': `module.exports = callback => process.exit();`,
  'a loop without end': `module.exports = callback => { for (;;); };`,
  'output without end': `module.exports = (context, callback) => {
      for (let i = 0; i < 1000; i++) console.log('x'.repeat(1000));
      callback(null, 1);
    };`,
} as const;

const ALONE = 'alone';
/** Of either container. */
const CONNECTIONS = 4;
/** How long an attack goes on before its neighbour is asked. */
const BEFORE_S = 2;

/** Measures how long the slowest answers of a container take while another one does its worst, within the default limits. */
export async function bench({ quick, say }: BenchOptions): Promise<BenchResult> {
  const codes = Object.entries(ATTACKS).map(([name, code]): [string, string] => [slug(name), code]);
  const hello = `module.exports = cb => cb(null, { hello: 'world' })`;
  const kit = await prepareKit({ hello, ...Object.fromEntries(codes) }, say);
  try {
    const mode = kit.modes.at(-1) ?? 'process';
    const cases = [ALONE, ...Object.keys(ATTACKS)].map((name) => ({ name }));
    const rounds = quick ? 1 : 5;
    const found = await inTurns(cases, rounds, say, async ({ name }) => {
      const { p50, p99 } = await neighbourOf(kit, mode, name, quick ? 2 : 5);
      return { [name]: p99, [`${name}, p50`]: p50 };
    });
    const ratios = Object.keys(ATTACKS).map((name) => [`${name}/${ALONE}`, ratioOf(found, name, ALONE)]);
    return { rounds, contenders: summaries(found, 'ms'), ratios: Object.fromEntries(ratios) };
  } finally {
    kit.remove();
  }
}

/** Asks a container while another one is asked for its attack, whatever becomes of that. */
async function neighbourOf(kit: Kit, mode: Mode, attack: string, seconds: number): Promise<Load> {
  const limited = { ...kit.serve(attack, mode, kit.webtasks.hello?.namedPath ?? ''), env: {} };
  const { url, origin, stop } = await start(limited);
  try {
    const options = { connections: CONNECTIONS, seconds };
    await load(url, { ...options, seconds: BEFORE_S });
    const path = kit.webtasks[slug(attack)]?.namedPath;
    const attacking = path && load(`${origin}${path}`, { ...options, seconds: seconds + 2 * BEFORE_S }).catch(() => 0);
    await new Promise((resolve) => setTimeout(resolve, BEFORE_S * 1000));
    const found = await load(url, options);
    await attacking;
    return found;
  } finally {
    await stop();
  }
}

function slug(name: string): string {
  return name.replaceAll(' ', '-');
}

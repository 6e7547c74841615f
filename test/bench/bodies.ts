import type { BenchOptions, BenchResult } from './bench.ts';
import { prepareKit } from './support/kit.ts';
import { load } from './support/load.ts';
import { BODIES, RELAY } from './support/peers.ts';
import { inTurns, ratioOf, summaries } from './support/rounds.ts';
import { type Contender, start } from './support/start.ts';

/** What the contender of bare `node:http` does. */
const CODE = `const bodies = new Map();
module.exports = ({ query }, req, res) => {
  if (req.method === 'POST') return req.pipe(res);
  const size = Number(query.size ?? 1);
  if (!bodies.has(size)) bodies.set(size, Buffer.alloc(size, 'x'));
  res.end(bodies.get(size));
};`;

const CASES = [
  { title: '1 KiB', bytes: 1 << 10, connections: 32 },
  { title: '64 KiB', bytes: 64 << 10, connections: 32 },
  { title: '1 MiB', bytes: 1 << 20, connections: 8 },
  { title: '1 MiB sent and sent back', bytes: 1 << 20, connections: 8, isEcho: true },
] as const;

/** Until V8 has compiled what large bodies go through. */
const WARM_UP_S = 2;

/** Measures answers per second with bodies of several sizes, and a body that is sent back as it comes. */
export async function bench({ quick, say }: BenchOptions): Promise<BenchResult> {
  const kit = await prepareKit({ bodies: CODE }, say);
  try {
    const ours = kit.modes.map((mode) => kit.serve(`token-${mode}`, mode, kit.webtasks.bodies?.tokenPath ?? ''));
    const rounds = quick ? 1 : 3;
    const found = await inTurns([BODIES, RELAY, ...ours], rounds, say, (it) => speedsOf(it, quick ? 1 : 3));
    const ratios = [RELAY, ...ours].flatMap(({ name }) =>
      CASES.map(({ title }): [string, number] => {
        const [mine, reference] = [`${name} ${title}`, `${BODIES.name} ${title}`];
        return [`${mine}/${reference}`, ratioOf(found, mine, reference)];
      }),
    );
    return { rounds, contenders: summaries(found, 'answers/s'), ratios: Object.fromEntries(ratios) };
  } finally {
    kit.remove();
  }
}

async function speedsOf(contender: Contender, seconds: number): Promise<Record<string, number>> {
  const { url, stop } = await start(contender);
  try {
    const rates: [string, number][] = [];
    for (const { title, bytes, connections, ...rest } of CASES) {
      const sized = `${url}${url.includes('?') ? '&' : '?'}size=${bytes}`;
      const options = { connections, ...('isEcho' in rest && { bodyBytes: bytes }) };
      await load(sized, { ...options, seconds: Math.min(seconds, WARM_UP_S) });
      rates.push([`${contender.name} ${title}`, (await load(sized, { ...options, seconds })).rate]);
    }
    return Object.fromEntries(rates);
  } finally {
    await stop();
  }
}

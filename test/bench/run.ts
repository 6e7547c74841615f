import type { BenchOptions, BenchResult } from './bench.ts';
import { type Kit, prepareKit } from './support/kit.ts';
import { load } from './support/load.ts';
import { installPeers, lockedVersions, NODE_HTTP, PEER_CONTENDERS, PEER_PACKAGES } from './support/peers.ts';
import { inTurns, type Rounds, ratioOf, summaries } from './support/rounds.ts';
import { type Contender, start } from './support/start.ts';

const HELLO = `module.exports = cb => cb(null, { hello: 'world' })`;
const CONNECTIONS = 32;

/** Measures answers per second of a function that says hello in JSON, all that a server does by default being on. */
export async function bench({ quick, say }: BenchOptions): Promise<BenchResult> {
  const kit = await prepareKit({ hello: HELLO }, say);
  try {
    const peers = installPeers(say) ? PEER_CONTENDERS : [];
    const contenders = [NODE_HTTP, ...ours(kit), ...peers];
    const rounds = quick ? 1 : 5;
    const found = await inTurns(contenders, rounds, say, (it) => speedOf(it, quick ? 1 : 3));
    return {
      rounds,
      contenders: summaries(found, (name) => (name.endsWith(' p99') ? 'ms' : 'answers/s')),
      ratios: ratios(found),
      versions: peers.length > 0 ? lockedVersions(PEER_PACKAGES) : {},
    };
  } finally {
    kit.remove();
  }
}

function ours({ modes, serve, webtasks }: Kit): Contender[] {
  return modes.flatMap((mode) => [
    serve(`token-${mode}`, mode, webtasks.hello?.tokenPath ?? ''),
    serve(`named-${mode}`, mode, webtasks.hello?.namedPath ?? ''),
  ]);
}

async function speedOf(contender: Contender, seconds: number): Promise<Record<string, number>> {
  const { url, stop } = await start(contender);
  try {
    await load(url, { connections: CONNECTIONS, seconds }); // until it is compiled
    const { rate, p99 } = await load(url, { connections: CONNECTIONS, seconds });
    return { [contender.name]: rate, [`${contender.name} p99`]: p99 };
  } finally {
    await stop();
  }
}

function ratios(found: Rounds): Record<string, number> {
  const keys = [...found.keys()].filter((name) => !name.startsWith('node-http'));
  return Object.fromEntries(
    keys.map((name) => {
      const reference = name.endsWith(' p99') ? 'node-http p99' : 'node-http';
      return [`${name}/${reference}`, ratioOf(found, name, reference)];
    }),
  );
}

import { setTimeout as delay } from 'node:timers/promises';
import type { BenchOptions, BenchResult } from './bench.ts';
import { type Kit, type Mode, prepareKit } from './support/kit.ts';
import { load } from './support/load.ts';
import { childrenOf, privateMegabytes, runsWorker } from './support/memory-of.ts';
import { NODE_HTTP } from './support/peers.ts';
import { inTurns, type Rounds, ratioOf, summaries } from './support/rounds.ts';
import { type Contender, start } from './support/start.ts';

const HELLO = `module.exports = cb => cb(null, { hello: 'world' })`;
/** Until what was begun at the start is over. */
const SETTLES_MS = 3000;
const CONNECTIONS = 8;

/**
 * Measures the memory that is a process's own: of an idle server, of an idle worker with all processes around it, and of
 * a server after a tenth and at the end of ten minutes of load.
 */
export async function bench({ quick, say }: BenchOptions): Promise<BenchResult> {
  const kit = await prepareKit({ hello: HELLO }, say);
  try {
    const servers = [NODE_HTTP, ...kit.modes.map((mode) => serve(kit, mode))];
    const rounds = quick ? 1 : 3;
    const found = await inTurns(servers, rounds, say, idle);
    const mode = kit.modes.at(-1) ?? 'inline';
    await underLoad(serve(kit, mode), quick ? 2 : 600, found, say);
    const name = `serve-${mode}`;
    return {
      rounds,
      contenders: summaries(found, 'MB'),
      ratios: {
        [`${name} idle/node-http idle`]: ratioOf(found, `${name} idle`, 'node-http idle'),
        [`${name} at the end/${name} after a tenth`]: ratioOf(found, `${name} at the end`, `${name} after a tenth`),
      },
    };
  } finally {
    kit.remove();
  }
}

function serve(kit: Kit, mode: Mode): Contender {
  return kit.serve(`serve-${mode}`, mode, kit.webtasks.hello?.tokenPath ?? '');
}

async function idle(contender: Contender): Promise<Record<string, number>> {
  const { pid, stop } = await start(contender);
  try {
    await delay(SETTLES_MS);
    const children = childrenOf(pid);
    const theirs = children.reduce((sum, it) => sum + privateMegabytes(it), 0);
    const workers = children.filter(runsWorker).length; // beside them there may be what their networks need
    const { name } = contender;
    const own = privateMegabytes(pid) - theirs;
    return { [`${name} idle`]: own, ...(workers > 0 && { [`${name} worker`]: theirs / workers }) };
  } finally {
    await stop();
  }
}

async function underLoad(
  contender: Contender,
  seconds: number,
  found: Rounds,
  say: BenchOptions['say'],
): Promise<void> {
  const { url, pid, stop } = await start(contender);
  const own = (): number => {
    return privateMegabytes(pid) - childrenOf(pid).reduce((sum, it) => sum + privateMegabytes(it), 0);
  };
  try {
    await load(url, { connections: CONNECTIONS, seconds: seconds / 10 });
    found.set(`${contender.name} after a tenth`, [own()]);
    say(`${contender.name} after a tenth of ${seconds} s of load: ${Math.round(own())} MB`);
    await load(url, { connections: CONNECTIONS, seconds: (seconds * 9) / 10 });
    found.set(`${contender.name} at the end`, [own()]);
    say(`${contender.name} at the end: ${Math.round(own())} MB`);
  } finally {
    await stop();
  }
}

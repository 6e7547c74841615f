import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { serveHere } from './serve-here.ts';
import { type Contender, start } from './start.ts';

const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));

/** The programs as they are published. */
export const WEBTASK = join(REPOSITORY, 'dist/webtask.cjs');

/** Milliseconds of CPU time in a minute, far above what there is. */
const ENDLESS = '600000';

/** A server that has been started before has what was compiled of it: it keeps that after two seconds. */
const KEPT_AFTER_MS = 3_000;

/** What webtasks run in. */
export const MODES = ['inline', 'process', 'sandbox'] as const;

export type Mode = (typeof MODES)[number];

/** A webtask that is kept by the server. */
export interface KeptWebtask {
  /** Where it runs by the token that comes with the request, which has no name. */
  readonly tokenPath: string;
  /** Where it runs by its name. */
  readonly namedPath: string;
  /** Where it runs in another container, by a token that is good for all. */
  readonly pathIn: (container: string) => string;
}

/** A data folder with webtasks in it, which servers are started over. */
export interface Kit {
  readonly webtasks: Readonly<Record<string, KeptWebtask>>;
  /** The modes that can be had on this machine. */
  readonly modes: readonly Mode[];
  /** `webtask serve` in a mode, asked for a path. */
  serve(name: string, mode: Mode, path: string): Contender;
  remove(): void;
}

/**
 * Compiles the kit, and keeps webtasks in a data folder of its own.
 *
 * @param codes - source by name; each gets a container of that name
 */
export async function prepareKit(codes: Readonly<Record<string, string>>, say: (line: string) => void): Promise<Kit> {
  execFileSync('npm', ['run', '-s', 'compile'], { cwd: REPOSITORY, shell: process.platform === 'win32' });
  const dataFolder = mkdtempSync(join(tmpdir(), 'webtask-bench-'));
  const webtasks = await keepWebtasks(dataFolder, codes);
  const serve: Kit['serve'] = (name, mode, path) => ({
    name,
    command: process.execPath,
    args: (port) => [WEBTASK, 'serve', '--port', String(port), '--data', dataFolder, '--isolation', mode],
    path,
    env: { WEBTASK_LIMIT_CPU_MS: ENDLESS }, // otherwise its budget ends what is measured
  });
  const modes: Mode[] = [];
  for (const mode of MODES) {
    const [first] = Object.values(webtasks);
    const started = await start(serve(mode, mode, first?.namedPath ?? '/')).catch((error: Error) => {
      say(`without ${mode}: ${error.message}`);
    });
    if (started) modes.push(mode);
    await delay(KEPT_AFTER_MS);
    await started?.stop();
  }
  return { webtasks, modes, serve, remove: () => rmSync(dataFolder, { recursive: true, force: true }) };
}

async function keepWebtasks(
  dataFolder: string,
  codes: Readonly<Record<string, string>>,
): Promise<Record<string, KeptWebtask>> {
  const { server, token: master } = await serveHere(dataFolder);
  const ask = async (method: string, path: string, body: object): Promise<string> => {
    const headers = { Authorization: `Bearer ${master}`, 'Content-Type': 'application/json' };
    const answer = await fetch(`${server.url}${path}`, { method, headers, body: JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path} was answered with ${answer.status}: ${text}`);
    return text;
  };
  const kept: Record<string, KeptWebtask> = {};
  for (const [name, code] of Object.entries(codes)) {
    await ask('PUT', `/api/webtask/${name}/${name}`, { code });
    const token = await ask('POST', '/api/tokens/issue', { ten: name, code });
    const forAll = await ask('POST', '/api/tokens/issue', { code });
    kept[name] = {
      tokenPath: `/api/run/${name}?key=${token}`,
      namedPath: `/api/run/${name}/${name}`,
      pathIn: (container) => `/api/run/${container}?key=${forAll}`,
    };
  }
  await server.close();
  return kept;
}

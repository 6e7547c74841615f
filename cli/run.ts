import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fetchTextAnywhere } from '../runtime/code/fetch-text.ts';
import { keepTransformed } from '../runtime/compile/index.ts';
import { maskSecrets } from '../runtime/context/index.ts';
import { fail } from '../runtime/errors.ts';
import { toRunRequest } from '../runtime/harness/request.ts';
import { testStorage } from '../runtime/harness/storage.ts';
import { loadWebtask, type RunProblem, type RunReply, type RunSettings, runWebtask } from '../runtime/invoke/index.ts';
import { webtaskName, webtaskSettings } from '../runtime/project/index.ts';
import { publicFolder } from '../runtime/public-folder.ts';
import type { DevWebtask } from '../runtime/server/dev/index.ts';
import type { Isolation } from '../runtime/worker/index.ts';
import type { ReadyWebtask } from './run-in-worker.ts';

/** `webtask run`: sends one request to a webtask and prints the response as `curl -i` does. */
export async function run(
  file: string,
  options: {
    query?: [string, string][];
    secret?: [string, string][];
    header?: [string, string][];
    data?: string;
    request?: string;
    inspect?: boolean;
    isolation: Isolation;
  },
): Promise<void> {
  const path = resolve(file);
  const name = webtaskName(path);
  const code = await readFile(path, 'utf8').catch((cause) => fail('RUN_NO_FILE', { file }, { cause }));
  const settings = webtaskSettings(path, { secrets: options.secret && Object.fromEntries(options.secret) });
  const mask = maskSecrets(settings.secrets);
  const onLine = (line: string): void => void process.stderr.write(`${mask(line)}\n`);
  const onProblem = ({ kind, message }: RunProblem): void => {
    if (kind !== 'ended') onLine(message); // that is what the run fails with
  };
  const { isolation } = options;
  if (options.inspect && isolation !== 'inline') fail('INSPECT_ISOLATION', { isolation });
  if (options.inspect) await waitForInspector();
  const webtask = { name, file: path, code, settings, onLine, onProblem };
  const limitMs = options.inspect ? 0 : 30_000;
  // The other one is loaded where it is asked for: it takes longer than most webtasks.
  const { run: send, close } =
    isolation === 'inline'
      ? await openInProcess(webtask, limitMs)
      : await (await import('./run-in-worker.ts')).openInWorker(webtask, isolation, limitMs);

  const request = toRunRequest({
    method: options.request ?? (options.data === undefined ? 'GET' : 'POST'),
    url: `/${name}`,
    query: groupByName(options.query ?? []),
    headers: { ...bodyType(options.data), ...groupByName(options.header ?? []) },
    body: options.data,
  });
  try {
    await print(await send(request), name);
  } finally {
    await close();
  }
  if (!options.inspect) process.stdout.write('', () => endSoon(name));
}

/** Makes a webtask ready in this process. */
async function openInProcess(webtask: DevWebtask, limitMs: number): Promise<ReadyWebtask> {
  const { name, code, file, settings, onLine, onProblem } = webtask;
  const storage = testStorage(undefined, name)();
  const transform = keepTransformed(join(publicFolder(), 'transformed'));
  const source = { code, file, fetchText: fetchTextAnywhere, transform };
  const loaded = await loadWebtask(source, { ...settings, storage }, { onLine });
  const all: RunSettings = {
    ...settings,
    storage,
    container: 'webtask-local',
    name,
    urlFormat: 3,
    limitMs,
    maxBodyBytes: 1024 * 1024,
    onLine,
    onProblem,
    hints: true,
  };
  return { run: (request) => runWebtask(loaded, request, all), close: async () => undefined };
}

async function print(reply: RunReply, name: string): Promise<void> {
  console.log(`HTTP/1.1 ${reply.status} ${reply.statusMessage}`.trimEnd());
  for (let i = 0; i < reply.rawHeaders.length; i += 2)
    console.log(`${reply.rawHeaders[i]}: ${reply.rawHeaders[i + 1]}`);
  console.log('');
  try {
    for await (const chunk of reply.body) process.stdout.write(chunk);
  } catch (cause) {
    fail('RUN_CUT_OFF', { webtask: name }, { cause });
  }
  if (process.stdout.isTTY) console.log('');
  process.exitCode = reply.status < 400 ? 0 : Math.floor(reply.status / 100);
}

/** What a webtask does after its answer may take a moment; a pool of connections or a timer would be for ever. */
function endSoon(name: string): void {
  const end = (): void => {
    process.stderr.write(`${name} went on for a second after its answer, and was ended.\n`);
    process.exit();
  };
  setTimeout(end, 1_000).unref();
}

/** As curl does: a body without a type is a form; one that is plainly JSON says so. */
function bodyType(data: string | undefined): Record<string, string> {
  if (data === undefined) return {};
  return { 'Content-Type': /^\s*[[{]/.test(data) ? 'application/json' : 'application/x-www-form-urlencoded' };
}

/**
 * Waits until a debugger has set its breakpoints. Its port is 9229, or what `--inspect-port` in `NODE_OPTIONS` says.
 *
 * @throws INSPECTOR_PORT_TAKEN
 */
async function waitForInspector(): Promise<void> {
  const { open, url, waitForDebugger } = await import('node:inspector');
  if (url() === undefined) open(); // an editor that started this process has opened it
  if (url() === undefined) fail('INSPECTOR_PORT_TAKEN', { port: process.debugPort });
  waitForDebugger();
}

function groupByName(pairs: readonly [string, string][]): Record<string, string[]> {
  const groups: Record<string, string[]> = {};
  for (const [name, value] of pairs) groups[name] = [...(groups[name] ?? []), value];
  return groups;
}

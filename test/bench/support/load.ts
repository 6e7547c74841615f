import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** What is asked of a contender, and for how long. */
export interface LoadOptions {
  readonly connections: number;
  readonly seconds: number;
  /** Sent as the body of a POST; a GET without it. */
  readonly bodyBytes?: number;
}

/** What came of it. */
export interface Load {
  /** Answers per second. */
  readonly rate: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

const REPORT = fileURLToPath(new URL('report.lua', import.meta.url));
const AUTOCANNON = fileURLToPath(new URL('../peers/node_modules/autocannon/autocannon.js', import.meta.url));

/** The program that makes the load: `wrk`, or autocannon where that is not installed. */
export const loader: 'wrk' | 'autocannon' = spawnSync('wrk', ['-v']).error ? 'autocannon' : 'wrk';

const run = promisify(execFile);

/**
 * Has a URL be asked as fast as it answers.
 *
 * @throws where anything but 2xx was answered, or a connection failed: the numbers would say nothing
 */
export async function load(url: string, options: LoadOptions): Promise<Load> {
  const { errors, ...measured } = await (loader === 'wrk' ? runWrk(url, options) : runAutocannon(url, options));
  if (measured.rate === 0) throw new Error(`${url} answered nothing within ${options.seconds} s`);
  if (errors > 0) throw new Error(`${errors} of the answers of ${url} were errors`);
  return measured;
}

async function runWrk(
  url: string,
  { connections, seconds, bodyBytes = 0 }: LoadOptions,
): Promise<Load & { errors: number }> {
  const args = [
    '-t',
    '1',
    '-c',
    String(connections),
    '-d',
    `${Math.ceil(seconds)}s`,
    '--timeout',
    '30s',
    '-s',
    REPORT,
    url,
  ];
  const { stdout } = await run('wrk', [...args, '--', String(bodyBytes)]);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Load & { errors: number }; // as report.lua prints it
}

async function runAutocannon(
  url: string,
  { connections, seconds, bodyBytes }: LoadOptions,
): Promise<Load & { errors: number }> {
  const body = bodyBytes === undefined ? [] : ['-m', 'POST', '-b', 'x'.repeat(bodyBytes)];
  const args = [AUTOCANNON, '--json', '-c', String(connections), '-d', String(seconds), ...body, url];
  const { stdout } = await run(process.execPath, args, { maxBuffer: 16 << 20 });
  const { requests, latency, errors, timeouts, non2xx } = JSON.parse(stdout) as Autocannon;
  return { rate: requests.average, p50: latency.p50, p99: latency.p99, errors: errors + timeouts + non2xx };
}

/** What autocannon prints. */
interface Autocannon {
  readonly requests: { readonly average: number };
  readonly latency: { readonly p50: number; readonly p99: number };
  readonly errors: number;
  readonly timeouts: number;
  readonly non2xx: number;
}

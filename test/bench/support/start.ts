import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type OutgoingHttpHeaders, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../support/free-port.ts';

/** A program that answers HTTP on loopback. */
export interface Contender {
  readonly name: string;
  readonly command: string;
  /** @param port - that it is to listen on, which is `PORT` in its environment too */
  readonly args: (port: number) => readonly string[];
  readonly cwd?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** What is asked of it. */
  readonly path: string;
  readonly headers?: OutgoingHttpHeaders | undefined;
}

/** A contender that answers. */
export interface Started {
  readonly url: string;
  /** The URL without its path. */
  readonly origin: string;
  readonly pid: number;
  /** Milliseconds from its start to its first 200. */
  readonly firstMs: number;
  stop(): Promise<void>;
}

const PATIENCE_MS = 60_000;
const RETRY_MS = 1;

/**
 * Starts a contender with a small environment, and waits until it answers with 200.
 *
 * @throws where it ends before that, or does not answer within a minute; with what it printed
 */
export async function start({ name, command, args, cwd, env, path }: Contender): Promise<Started> {
  const port = await freePort();
  const began = performance.now();
  const child = spawn(command, args(port), {
    cwd,
    env: { PATH: process.env.PATH ?? '', NODE_ENV: 'production', PORT: String(port), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // so that what it starts can be ended with it
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      printed = (printed + text).slice(-2000);
    });
  }
  const origin = `http://127.0.0.1:${port}`;
  const url = `${origin}${path}`;
  while ((await statusOf(url)) !== 200) {
    const isLate = performance.now() - began > PATIENCE_MS;
    if (child.exitCode !== null || isLate) {
      await stop(child);
      throw new Error(`${name} ${isLate ? 'does not answer' : 'has ended'}:\n${printed}`);
    }
    await delay(RETRY_MS);
  }
  return { url, origin, pid: child.pid ?? 0, firstMs: performance.now() - began, stop: () => stop(child) };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return;
  const ended = once(child, 'exit');
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    return; // it has just ended
  }
  await ended;
}

function statusOf(url: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    request(url, { agent: false }, (answer) => {
      answer.resume();
      answer.once('end', () => resolve(answer.statusCode)).once('error', () => resolve(undefined));
    })
      .once('error', () => resolve(undefined))
      .end();
  });
}

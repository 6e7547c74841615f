import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startOrigin } from './origin.ts';

/** Milliseconds after which a page has not said anything. */
const LIMIT_MS = 60_000;

const PROGRAMS = ['chromium-headless-shell', 'chromium', 'google-chrome'];

/** The browser that is installed. */
export function findBrowser(): string | undefined {
  return PROGRAMS.find((program) => !spawnSync(program, ['--version'], { timeout: 20_000 }).error);
}

/** A page with a script whose result is reported. */
export interface Visit {
  /** Makes the page there is to be seen of a script. */
  serve(html: string): Promise<string>;
  /** The body of an async function in the page. What it returns is the result, in JSON; what it throws, as text. */
  readonly script: string;
}

/** Opens a page in a real browser of its own, in which every name is this machine, and gives what its script said. */
export async function visit(program: string, { serve, script }: Visit): Promise<unknown> {
  let report = (_text: string): void => undefined;
  const reported = new Promise<string>((resolve) => {
    report = resolve;
  });
  const origin = await startOrigin(async (req, res) => {
    let text = '';
    for await (const chunk of req) text += chunk;
    res.end();
    report(text);
  });
  const url = await serve(`<!doctype html><title>test</title><script type="module">
    const run = async () => { ${script} };
    const text = await run().then((it) => JSON.stringify(it), (error) => JSON.stringify(String(error)));
    await fetch('${origin.origin}', { method: 'POST', mode: 'no-cors', body: text });
  </script>`);
  const folder = mkdtempSync(join(tmpdir(), 'webtask-browser-'));
  const browser = spawn(
    program,
    [
      '--headless',
      '--no-sandbox', // it visits nothing but these tests
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--no-first-run',
      '--host-resolver-rules=MAP * 127.0.0.1',
      `--user-data-dir=${folder}`,
      '--remote-debugging-pipe', // stays open after the page is there
      url,
    ],
    // A group of its own, since its processes would go on writing to the folder after it.
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'], detached: true, timeout: LIMIT_MS },
  );
  const ended = once(browser, 'exit');
  try {
    const early = ended.then(([code]) =>
      Promise.reject(new Error(`the browser ended with ${code ?? 'nothing said in time'}`)),
    );
    return JSON.parse(await Promise.race([reported, early]));
  } finally {
    if (browser.pid !== undefined && browser.exitCode === null) process.kill(-browser.pid, 'SIGKILL');
    await ended;
    await origin.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

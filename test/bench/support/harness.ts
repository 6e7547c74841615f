import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const HARNESS = pathToFileURL(fileURLToPath(new URL('../../../dist/harness.js', import.meta.url))).href;

/** Of loads, the first is not counted: it loads the compiler, too. */
const LOADS = 20;

/** Prints what it took, in a process of its own. */
const script = (requests: number): string => `
import { webtask } from ${JSON.stringify(HARNESS)};
const files = ${JSON.stringify(Array.from({ length: LOADS + 1 }, (_, i) => `./webtask-${i}.ts`))};
let task = await webtask(files[0]);
const loading = performance.now();
for (const file of files.slice(1)) task = await webtask(file);
const load = (performance.now() - loading) / ${LOADS};
const asking = performance.now();
for (let i = 0; i < ${requests}; i++) await task.request();
console.log(JSON.stringify({ load, requests: ${requests} * 1000 / (performance.now() - asking) }));`;

/** Measures the test harness: milliseconds to load a webtask of TypeScript, and requests per second, one by one. */
export async function measureHarness(requests: number): Promise<Record<string, number>> {
  const folder = mkdtempSync(join(tmpdir(), 'webtask-bench-'));
  try {
    for (let i = 0; i <= LOADS; i++) {
      const code = `module.exports = (cb: (error: null, it: number) => void) => cb(null, ${i});`;
      writeFileSync(join(folder, `webtask-${i}.ts`), code);
    }
    const args = ['--input-type=module', '--eval', script(requests)];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder });
    const { load, requests: rate } = JSON.parse(stdout) as { load: number; requests: number }; // as the script prints it
    return { 'harness load': load, 'harness requests': rate };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

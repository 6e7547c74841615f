import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';

/** Starts a server, asks for what needs the management API and metrics, and says before and after what was loaded. */
const SCRIPT = `
import { createRequire } from 'node:module';
import { startServer } from './runtime/server/index.ts';
const { cache } = createRequire(import.meta.url);
const loaded = () => ['fastify', '@fastify/swagger', 'prom-client', 'pino']
  .filter((name) => Object.keys(cache).some((path) => path.replaceAll('\\\\', '/').includes('/node_modules/' + name + '/')));
const server = await startServer({
  port: 0, host: '127.0.0.1', dataFolder: process.argv[1], env: { WEBTASK_METRICS_TOKEN: 'x'.repeat(16) },
  allowedOrigins: [], limitMs: 1000, onLine() {}, onError() {},
});
const atStart = loaded();
await (await fetch(server.url + '/metrics', { headers: { authorization: 'Bearer ' + 'x'.repeat(16) } })).text();
console.log(JSON.stringify([atStart, loaded()]));
await server.close();
`;

describe('the start of a server', () => {
  it('loads none of the libraries of its management before somebody asks for them', async function () {
    this.timeout(30_000);
    const folder = mkdtempSync(join(tmpdir(), 'webtask-light-'));
    const flags = ['--conditions=webtask-kit-source', '--import', './runtime/compile/register.js'];
    const args = [...flags, '--input-type=module', '--eval', SCRIPT, folder];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    expect(JSON.parse(stdout)).to.deep.equal([[], ['fastify', '@fastify/swagger', 'prom-client']]);
    rmSync(folder, { recursive: true, force: true });
  });
});

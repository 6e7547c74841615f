import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { expect } from 'chai';
import { type Loaded, loadedBy } from '../support/loaded.ts';
import { createProject, type TestProject } from '../support/project.ts';

const OF_THE_PROGRAM = ['commander', 'dotenv'];
const OF_THE_SERVER = ['ipaddr.js', 'lru-cache', 'semver'];
/** dynalite, and what it is made of. */
const OF_THE_STORE = [
  ...['abstract-level', 'async', 'big.js', 'classic-level', 'dynalite', 'functional-red-black-tree', 'lazy', 'level'],
  ...['level-supports', 'level-transcoder', 'lock', 'maybe-combine-errors', 'memory-level', 'module-error'],
  ...['node-gyp-build', 'once', 'wrappy'],
];

describe('the start of a program', () => {
  let project: TestProject;

  before(function () {
    if (process.env.WEBTASK_TEST_PROGRAMS !== 'compiled') this.skip(); // from source, every file is loaded by itself
    project = createProject({ 'hello.ts': "module.exports = (cb: Function) => cb(null, 'hello');" });
  });
  after(() => project?.remove());

  it('loads what parses the command line, and nothing of what commands do', async () => {
    const loaded = await loadedBy(['--version'], project.folder, project.folder);
    expect({ packages: loaded.packages, rooms: roomsOf(loaded) }).to.deep.equal({
      packages: OF_THE_PROGRAM,
      rooms: ['cli', 'publish', 'runtime', 'runtime/compile', 'runtime/errors', 'runtime/project'],
    });
  });

  it('loads esbuild for TypeScript the first time only, and no more of the kit than sends one request', async function () {
    this.timeout(30_000);
    const home = createProject({});
    try {
      const args = ['run', 'hello.ts'];
      // As root, what was made is kept for all, and may be there already.
      if (process.getuid?.() !== 0) {
        expect((await loadedBy(args, project.folder, home.folder)).packages).to.include('esbuild');
      } else await loadedBy(args, project.folder, home.folder);
      const again = await loadedBy(args, project.folder, home.folder);
      expect({ packages: again.packages, rooms: roomsOf(again) }).to.deep.equal({
        packages: OF_THE_PROGRAM,
        rooms: [
          'cli',
          'publish',
          'runtime',
          'runtime/code',
          'runtime/compile',
          'runtime/context',
          'runtime/errors',
          'runtime/harness',
          'runtime/invoke',
          'runtime/invoke/http',
          'runtime/project',
        ],
      });
    } finally {
      home.remove();
    }
  });

  it('loads, for a server, neither the SDK of AWS nor what only management, cron jobs and metrics need', async function () {
    this.timeout(30_000);
    const args = ['serve', '--port', '0', '--isolation', 'process'];
    const first = (): Promise<Loaded> =>
      loadedBy(args, project.folder, project.folder, async (child) => {
        await once(child.stdout as Readable, 'data');
        child.kill('SIGTERM');
      });
    await first(); // which makes keys
    const loaded = await first();
    expect(loaded.packages).to.deep.equal([...OF_THE_PROGRAM, ...OF_THE_SERVER, ...OF_THE_STORE].sort());
  });
});

/** The rooms that modules are in: `runtime/server/run`. */
function roomsOf({ modules }: Loaded): string[] {
  return [...new Set(modules.map((it) => it.split('/').slice(0, -1).join('/')))].sort();
}

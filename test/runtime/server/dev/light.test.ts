import { expect } from 'chai';
import { createProject, type TestProject } from '../../../support/project.ts';

/** Prints the URL of every module that is asked for, also of one that is there already. */
const HOOKS = `
import { writeSync } from 'node:fs';
export async function resolve(specifier, context, next) {
  const resolved = await next(specifier, context);
  writeSync(1, resolved.url + '\\n');
  return resolved;
}
`;

const SERVE = `
import { register } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

register('./hooks.js', import.meta.url);
const kit = (file) => import(new URL(file, pathToFileURL(process.env.KIT + '/')).href);
const [{ openDevRunner, startDevServer }, { createMemoryStore }, { readLimits }] = await Promise.all([
  kit('runtime/server/dev/index.ts'), kit('runtime/store/memory.ts'), kit('runtime/worker/index.ts'),
]);
const runner = await openDevRunner({
  isolation: 'process', folder: process.cwd(), otherFolders: [], limits: readLimits({}), limitMs: 0,
  documents: createMemoryStore(), onOutput() {},
});
const files = () => [join(process.cwd(), 'webtasks/hello.js')];
const server = await startDevServer({ files, port: 0, runner, onLine() {} });
const { body } = await fetch(server.url + '/hello').then(async (it) => ({ body: await it.text() }));
console.log('answer: ' + body);
await server.close();
`;

describe('the development server', () => {
  let project: TestProject;
  before(() => {
    project = createProject({
      'hooks.js': HOOKS,
      'serve.js': SERVE,
      'webtasks/hello.js': 'module.exports = (callback) => callback(null, "Hello");',
    });
  });
  after(() => project.remove());

  it('loads no library for a webtask in JavaScript, but what reads .env: it starts at once', async () => {
    const { stdout, stderr, status } = await project.node('serve.js', { KIT: process.cwd() });
    expect({ stderr, status }).to.deep.equal({ stderr: '', status: 0 });
    const lines = stdout.trimEnd().split('\n');
    expect(lines).to.include('answer: "Hello"');
    const packages = lines.flatMap(
      (line) => /\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*\/node_modules\/)/.exec(line)?.[1] ?? [],
    );
    // From source, esbuild makes the program of the worker, which is there in what is published.
    expect([...new Set(packages)].sort()).to.deep.equal(['dotenv', 'esbuild']);
  });
});

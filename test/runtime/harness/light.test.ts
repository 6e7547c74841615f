import { expect } from 'chai';
import { createProject, type TestProject } from '../../support/project.ts';

/** Prints the URL of every module that is asked for, also of one that is there already. */
const HOOKS = `
import { writeSync } from 'node:fs';
export async function resolve(specifier, context, next) {
  const resolved = await next(specifier, context);
  writeSync(1, resolved.url + '\\n');
  return resolved;
}
`;

const HELLO = `
import { writeSync } from 'node:fs';
import Module, { register } from 'node:module';
import { pathToFileURL } from 'node:url';

await import('./first.mts');
register('./hooks.js', import.meta.url);
const load = Module._load;
Module._load = function (id, parent, ...rest) {
  writeSync(1, (Module.isBuiltin(id) ? id : pathToFileURL(Module._resolveFilename(id, parent)).href) + '\\n');
  return load.call(this, id, parent, ...rest);
};
const { webtask } = await import('webtask-kit/harness');
const { body } = await (await webtask('webtasks/hello.js')).get();
writeSync(1, 'answer: ' + body + '\\n');
`;

describe('webtask-kit/harness', () => {
  let project: TestProject;
  before(() => {
    project = createProject({
      'first.mts': '', // from source, the kit itself needs a compiler
      'hooks.js': HOOKS,
      'hello.js': HELLO,
      'webtasks/hello.js': 'module.exports = (callback) => callback(null, "Hello");',
    });
  });
  after(() => project.remove());

  it('loads what one request needs and no more: no server, store, token or identity, no SDK, no compiler', async () => {
    const { stdout, stderr, status } = await project.node('hello.js');
    expect({ stderr, status }).to.deep.equal({ stderr: '', status: 0 });
    const lines = stdout.trimEnd().split('\n');
    expect(lines.at(-1)).to.equal('answer: "Hello"');
    const loaded = lines.filter((line) => line.startsWith('file:'));
    expect(partsOf(loaded, /\/runtime\/([\w-]+)/)).to.deep.equal([
      'code', // only what fetches compilers by URL, itself loaded when there is one
      'compile',
      'context',
      'errors',
      'harness',
      'invoke',
      'project',
    ]);
    expect(partsOf(loaded, /\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*\/node_modules\/)/)).to.deep.equal(['dotenv']);
  });
});

function partsOf(urls: readonly string[], pattern: RegExp): string[] {
  return [...new Set(urls.flatMap((url) => pattern.exec(url)?.[1] ?? []))].sort();
}

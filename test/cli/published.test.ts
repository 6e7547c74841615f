import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { NATIVE } from '../../publish/programs.ts';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const PACKAGE = JSON.parse(readFileSync(`${REPOSITORY}package.json`, 'utf8'));

describe('what is published', () => {
  before(function () {
    if (process.env.WEBTASK_TEST_PROGRAMS !== 'compiled') this.skip();
  });

  it('is all that package.json names, but for types, which publint looks for in what is packed', () => {
    const named = Object.entries<string | Record<string, string>>({ ...PACKAGE.bin, ...PACKAGE.exports })
      .flatMap(([, it]) => (typeof it === 'string' ? [it] : Object.values({ ...it, types: 'package.json' })))
      .filter((file) => !existsSync(`${REPOSITORY}${file}`));
    expect(named).to.deep.equal([]);
  });

  it('is code that Node understands', () => {
    const files = readdirSync(`${REPOSITORY}dist`).filter((it) => it.endsWith('.js'));
    const all = files.map((it) => `import(${JSON.stringify(`${REPOSITORY}dist/${it}`)})`);
    const program = all.filter((it) => !/\/wt-build\.js/.test(it)).join(',');
    const script = `globalThis.before = globalThis.after = () => {}; await Promise.all([${program}]); process.exit()`;
    execFileSync(process.execPath, ['--input-type=module', '--eval', script], { cwd: REPOSITORY });
  });

  it('has one copy of each error, whichever export it is taken from', () => {
    const script = `
      const [{ WebtaskError }, { createMemoryStore }] = await Promise.all([import('webtask-kit'), import('webtask-kit/identity')]);
      await createMemoryStore().get({ partition: '', sort: '' }).catch((it) => console.log(it instanceof WebtaskError));`;
    const said = execFileSync(process.execPath, ['--input-type=module', '--eval', script], { cwd: REPOSITORY });
    expect(String(said)).to.equal('true\n');
  });

  it('pins what is native to the version whose other parts are in it', () => {
    const require = createRequire(import.meta.url);
    const inlined = createRequire(require.resolve('dynalite')).resolve('level');
    const { version } = createRequire(inlined)(`${NATIVE.package}/package.json`);
    expect(PACKAGE.dependencies[NATIVE.package]).to.equal(version);
  });
});

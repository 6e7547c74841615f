import { expect } from 'chai';
import { readLimits } from '../../../runtime/worker/limits/limits.ts';
import { openStarter } from '../../../runtime/worker/open-starter.ts';
import type { Worker } from '../../../runtime/worker/start-worker.ts';
import { createProject, type TestProject } from '../../support/project.ts';
import { answerOf, runnable } from '../../support/worker.ts';

describe('the worker of a project', () => {
  let project: TestProject;
  let worker: Worker;
  let asked: string[];
  beforeEach(async () => {
    project = createProject({ 'webtasks/a.js': '', 'lib/typed.ts': 'export const typed: number = 1;' });
    asked = [];
    const toCommonJS = async (code: string, file: string): Promise<string> => {
      asked.push(file.replace(project.folder, ''));
      if (code.includes('?')) throw new SyntaxError('it is a question');
      return `exports.typed = ${JSON.stringify(code)};`;
    };
    const start = openStarter({
      mode: 'process',
      readable: [],
      users: { first: 200_000, last: 265_535 },
      limits: readLimits({}),
      network: 'all',
      project: { folder: project.folder, toCommonJS },
      onOutput: () => undefined,
    });
    worker = await start(() => undefined);
  });
  afterEach(async () => {
    worker.kill('the test is over');
    await worker.ended;
    project.remove();
  });
  const run = (code: string) => answerOf(worker, runnable(code, { file: `${project.folder}/webtasks/a.js` }));

  it('has its modules translated by whoever started it, each once', async () => {
    const code = `const { typed } = require('../lib/typed.ts'); require('../lib/typed.ts'); return cb => cb(null, typed)`;
    expect(await run(code)).to.deep.include({ status: 200, body: '"export const typed: number = 1;"' });
    expect(asked).to.deep.equal(['/lib/typed.ts']);
  });

  it('reads what Node understands by itself', async () => {
    project.write('lib/plain.cjs', 'module.exports = 1');
    project.write('lib/plain.js', 'exports.one = 1');
    project.write('package.json', '{}');
    expect((await run('require("../lib/plain.cjs"); return cb => cb(null, require("../lib/plain.js"))')).body).to.equal(
      '{"one":1}',
    );
    expect(asked).to.deep.equal([]);
  });

  it('says why one cannot be translated, and goes on', async () => {
    project.write('lib/odd.ts', '?');
    const code = 'return cb => { try { require("../lib/odd.ts") } catch (error) { cb(null, String(error)) } }';
    expect((await run(code)).body).to.equal('"SyntaxError: it is a question"');
    expect((await run(code)).status).to.equal(200);
  });

  for (const [what, code] of [
    ['says that more is to come than is read', 'writeSync(8, Buffer.from([255, 255, 255, 255]))'],
    ['asks twice at once', 'writeSync(8, Buffer.from([0, 0, 0, 1, 49, 0, 0, 0, 1, 49]))'],
  ] as const) {
    it(`is ended where it ${what}; whoever started it goes on`, async () => {
      const running = run(`const { writeSync } = require('node:fs'); return cb => { ${code} }`);
      const error = await running.catch((it) => it);
      expect([error.code, error.message]).to.deep.equal([
        'WORKER_ENDED',
        'worker recycled: it asked for a module in a way that nobody understands',
      ]);
    });
  }

  it('is answered with an error where a question cannot be read', async () => {
    const code = `const { writeSync, readSync } = require('node:fs');
      return cb => {
        writeSync(8, Buffer.from([0, 0, 0, 1, 123]));
        const bytes = Buffer.alloc(1000);
        cb(null, Object.keys(JSON.parse(bytes.toString('utf8', 4, readSync(8, bytes)))));
      }`;
    expect((await run(code)).body).to.equal('["error"]');
  });
});

import { join } from 'node:path';
import { expect } from 'chai';
import { untilNoticed, useDev } from '../support/dev.ts';
import { skipUnlessShutIn } from '../support/isolation.ts';
import { descendantsOf, untilGone } from '../support/processes.ts';

const FEW = { WEBTASK_LIMIT_BLOCKED_MS: '1000', WEBTASK_LIMIT_MEMORY_BYTES: String(64 << 20) };
const PID = 'return cb => cb(null, process.pid)';

describe('webtask dev, whose webtasks run in a worker process', () => {
  const dev = useDev();
  const { start, get } = dev;
  const message = (body: string): string => JSON.parse(body).message;
  const count = (pattern: RegExp) => [...dev.program.stdout.matchAll(pattern)].length;
  const noticed = (file: string, times?: number) => untilNoticed(dev.program, file, times);

  it('is another process than the server, with nothing of its environment', async () => {
    const code = 'return cb => cb(null, [process.pid, process.env.MINE || "none", process.env.PATH || "none"])';
    await start({ 'webtasks/a.js': code }, [], { MINE: '1' });
    const [pid, ...variables] = JSON.parse((await get('/a')).body);
    expect(pid).not.to.equal(dev.program.pid);
    expect(variables).to.deep.equal(['none', 'none']);
  });

  for (const [what, code, status, says] of [
    ['loops', 'return cb => { for (;;); }', 500, 'Blocked event loop.'],
    [
      'leaks',
      'return cb => { const all = []; setInterval(() => { for (let i = 0; i < 1e5; i++) all.push({ i }) }) }',
      500,
      'The webtasks of webtask-local used more than 67108864 bytes of memory.',
    ],
    ['exits', 'return cb => process.exit(3)', 502, 'worker recycled: its process ended with exit code 3'],
    [
      'is killed',
      'return cb => process.kill(process.pid, "SIGKILL")',
      502,
      'worker recycled: its process ended with SIGKILL',
    ],
  ] as const) {
    it(`costs its own process where it ${what}; the next request has another one`, async () => {
      await start({ 'webtasks/bad.js': code, 'webtasks/pid.js': PID }, [], FEW);
      const before = (await get('/pid')).body;
      const answer = await get('/bad');
      expect([answer.status, message(answer.body)]).to.deep.equal([status, says]);
      const after = await get('/pid');
      expect([after.status, after.body === before]).to.deep.equal([200, false]);
    });
  }

  it('prints where a webtask stood that let nothing else run', async () => {
    const code = '\nreturn cb => {\n  for (;;);\n}';
    await start({ 'webtasks/bad.js': code }, [], { WEBTASK_LIMIT_BLOCKED_MS: '300' });
    await get('/bad');
    await dev.program.until(/\[RUN_BLOCKED\]\nError: Blocked event loop\.\n +at .*webtasks\/bad\.js:3:/);
  });

  it('has the limits that a server has, from the same settings', async () => {
    await start({
      'webtasks/a.js': 'return cb => cb(null, "a".repeat(100))',
      '.env': 'WEBTASK_LIMIT_REPLY_BYTES=50\n',
    });
    const { status, body } = await get('/a');
    expect([status, message(body)]).to.deep.equal([500, 'The answer of a has more than 50 bytes.']);
  });

  it('is replaced once for a change, however many files were saved, and compiles each webtask once', async () => {
    const code = (version: number) =>
      `console.log('compiled ${version}'); return cb => cb(null, [${version}, process.pid])`;
    await start({ 'webtasks/a.js': code(0) });
    const [, before] = JSON.parse((await get('/a')).body);
    for (let version = 1; version <= 10; version++) {
      dev.project.write('webtasks/a.js', code(version));
      dev.project.write('lib.js', String(version));
    }
    await dev.program.until(/^reloaded after/m);
    const answers = await Promise.all([get('/a'), get('/a'), get('/a')]);
    const [[version, pid]] = answers.map(({ body }) => JSON.parse(body));
    expect(answers.map(({ body }) => body)).to.deep.equal(answers.map(() => JSON.stringify([10, pid])));
    expect([version, pid === before, count(/^reloaded/gm), count(/compiled/g)]).to.deep.equal([10, false, 1, 2]);
  });

  it('answers the requests that it has before another one takes its place', async () => {
    const slow = 'return cb => { console.log("begun"); require("fs").watch("go", () => cb(null, process.pid)) }';
    await start({ 'webtasks/slow.js': slow, 'webtasks/pid.js': PID, 'go/README.md': '' });
    const before = (await get('/pid')).body;
    const answer = get('/slow');
    await dev.program.until(/begun/);
    dev.project.write('webtasks/pid.js', `${PID} `);
    await noticed('webtasks/pid.js');
    expect((await get('/pid')).body).not.to.equal(before);
    dev.project.write('go/now.md', '');
    expect((await answer).body).to.equal(before);
  });

  it('translates TypeScript in the server, and names the lines of its author', async () => {
    await start({
      'webtasks/a.ts': 'import { fail } from "../lib/fail.ts";\nexport default (cb: () => void) => fail(1);',
      'lib/fail.ts':
        'interface Nothing {\n  a: 1;\n}\n\nexport const fail = (n: number): never => {\n  throw new Error(String(n));\n};',
    });
    const { stack } = JSON.parse((await get('/a')).body);
    expect(stack).to.contain('lib/fail.ts:6:').and.contain('webtasks/a.ts:2:');
  });

  it('ends with the server, also where that is killed', async () => {
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      await start({ 'webtasks/pid.js': PID });
      await get('/pid');
      const processes = descendantsOf(dev.program.pid);
      expect(processes).not.to.deep.equal([]);
      dev.program.signal(signal);
      await dev.program.ended;
      await untilGone(processes);
      if (signal === 'SIGTERM') dev.project.remove();
    }
  });

  it('is shut in with the folder of the project where that is asked for', async function () {
    skipUnlessShutIn(this);
    const code = `const { readFileSync, existsSync } = require('node:fs');
      return cb => cb(null, [require('../lib/two.ts').two, require('pack'), existsSync(${JSON.stringify(join(process.cwd(), 'package.json'))}), process.cwd()])`;
    await start(
      {
        'webtasks/a.js': code,
        'lib/two.ts': 'export const two: number = 2;',
      },
      ['--isolation', 'sandbox'],
    );
    dev.project.write('node_modules/pack/index.js', 'module.exports = "packed"');
    expect(JSON.parse((await get('/a')).body)).to.deep.equal([2, 'packed', false, dev.project.folder]);
  });

  it('sees no secret that is not its own, where it is shut in', async function () {
    skipUnlessShutIn(this);
    const code = `const { readFileSync, readdirSync, writeFileSync } = require('node:fs');
      const attempt = (look) => { try { return look() } catch (error) { return error.code } };
      return cb => cb(null, [
        attempt(() => readFileSync('.env', 'utf8')), attempt(() => readdirSync('.webtask')),
        attempt(() => writeFileSync('.webtask/a', '')), attempt(() => readFileSync('package.json', 'utf8')),
      ])`;
    const files = {
      'package.json': '{ "webtasks": { "a": { "secrets": ["ONE"] } } }',
      '.env': 'ONE=1\nTWO=2\n',
      '.webtask/keys.json': '{}',
    };
    await start({ ...files, 'webtasks/a.js': code }, ['--isolation', 'sandbox']);
    expect(JSON.parse((await get('/a')).body)).to.deep.equal(['EACCES', [], 'EROFS', files['package.json']]);
  });
});

import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readProcessTree } from '../../../runtime/worker/limits/process-tree.ts';
import { commandOf, commandsWith, endAllWith, FRAMES, MODES } from '../../support/attacked.ts';
import { skipUnlessShutIn } from '../../support/isolation.ts';
import { type Answer, CLUSTER, run, startTestServer, type TestServer } from '../../support/server.ts';
import { storeSettings } from '../../support/table.ts';

/** For each mode. */
const SECONDS = Number(process.env.WEBTASK_SOAK_SECONDS ?? 600);
const GOOD = {
  echo: 'module.exports = (ctx, cb) => cb(null, { got: ctx.body.n, from: ctx.secrets.OWNER });',
  counts:
    'let n = 0; module.exports = (ctx, cb) => setTimeout(() => cb(null, { got: ctx.body.n, from: ctx.secrets.OWNER, n: ++n }), 5);',
  streams: `module.exports = (ctx, req, res) => { const hash = require('crypto').createHash('sha256'); req.on('data', (it) => hash.update(it));
    req.on('end', () => res.end(hash.digest('hex'))); };`,
};

/** Code that harms, and leaves about what is known by a word. */
const hostileCodes = (word: string): string[] => [
  'module.exports = cb => process.exit(3);',
  'module.exports = cb => setTimeout(() => { throw new Error("later"); });',
  'module.exports = cb => { Promise.reject(); };',
  'module.exports = cb => { while (true); };',
  'module.exports = cb => { /^(a+)+$/.test("a".repeat(50) + "b"); };',
  'module.exports = cb => { const all = []; for (;;) all.push(Buffer.alloc(1 << 20, 1)); };',
  'module.exports = cb => { const all = []; for (;;) all.push({ a: [1, 2, 3].map(String) }); };',
  'module.exports = cb => { for (;;) console.log("x".repeat(10000)); };',
  'module.exports = cb => process.kill(0, "SIGKILL");',
  'module.exports = cb => require("fs").closeSync(3);',
  `${FRAMES} module.exports = cb => send(require("crypto").randomBytes(4096));`,
  `${FRAMES} module.exports = cb => { for (let id = 1; id < 2000; id += 1) send(frame(17, 1, id, '200\\n0\\nwebtask\\n', "stolen")); };`,
  `${FRAMES} module.exports = cb => { const many = Buffer.concat(Array(1000).fill(frame(22, 0, 0))); for (;;) send(many); };`,
  'module.exports = cb => { Object.assign(Object.prototype, { last: true, head: "x" }); JSON.parse = () => ({}); cb(null, 1); };',
  'module.exports = cb => { Map.prototype.get = () => {}; Promise = undefined; cb(null, 1); };',
  'module.exports = (ctx, req, res) => { const more = () => { while (res.write("x".repeat(65536))); }; res.on("drain", more); more(); };',
  `module.exports = cb => { require("fs").writeFileSync("/tmp/${word}", "x"); cb(null, 1); };`,
  `module.exports = cb => { for (let i = 0; i < 10; i += 1) require("child_process").spawn(process.execPath, ["-e", "setTimeout(() => {}, 1e7)", "${word}"], { detached: true, stdio: "ignore" }).on("error", () => {}); cb(null, 1); };`,
  'module.exports = cb => { setTimeout(() => process.exit(5), 20); cb(null, 1); };',
  'module.exports = cb => { setTimeout(() => { for (;;); }, 20); cb(null, 1); };',
  'module.exports = cb => { for (;;) try { require("fs").writeSync(1, "x".repeat(10000)); } catch {} };',
  'module.exports = cb => process.kill(process.pid, "SIGSTOP");',
  'module.exports = cb => { process.kill(process.pid, "SIGUSR1"); cb(null, 1); };',
  'module.exports = cb => { for (let i = 0; ; i += 65536) require("fs").writeSync(6, Buffer.alloc(65536), 0, 65536, i % (4 << 20)); };',
  'module.exports = cb => { setInterval(() => {}, 1); require("net").createServer().listen(0); cb(null, 1); };',
];

/** What hostile webtasks may be answered with: never anything that is not theirs. */
const ANSWERS = new Set([200, 400, 429, 500, 502, 503, 504]);

for (const mode of MODES) {
  describe(`good and hostile webtasks for ${SECONDS} s (${mode})`, function () {
    this.timeout((SECONDS + 120) * 1000);
    let server: TestServer;
    const word = `soak-${randomUUID()}`;
    const codes = hostileCodes(word);

    beforeEach(async function () {
      if (mode === 'sandbox') skipUnlessShutIn(this);
      const env = {
        ...CLUSTER,
        ...(await storeSettings()),
        WEBTASK_LIMIT_BLOCKED_MS: '3000',
        WEBTASK_LIMIT_MEMORY_BYTES: String(64 << 20),
        WEBTASK_LIMIT_REPLY_BYTES: String(4 << 20),
        WEBTASK_LIMIT_OUTPUT_BYTES: String(1 << 20),
        WEBTASK_WORKER_RESTART_MS: '0', // as many attacks as can be
      };
      server = await startTestServer(30_000, { isolation: mode, env });
    });

    it('end with no wrong answer, no process and no file left', async () => {
      const until = Date.now() + SECONDS * 1000;
      const counts = { good: 0, hostile: 0, renewed: 0 };
      const wrong: unknown[] = [];

      async function good(container: string): Promise<void> {
        const tokenOf = (name: keyof typeof GOOD): Promise<string> =>
          server.mint(`${container}-${name}.js`, GOOD[name], { ten: container }, { OWNER: `${container}-owner` });
        const tokens = {
          echo: await tokenOf('echo'),
          counts: await tokenOf('counts'),
          streams: await tokenOf('streams'),
        };
        let count = 0;
        for (let n = 0; Date.now() < until; n += 1) {
          const bytes = randomBytes(1 + ((n * 7919) % 300_000));
          const json = { method: 'POST', body: JSON.stringify({ n }), headers: { 'Content-Type': 'application/json' } };
          const answers = await Promise.all([
            run(server, tokens.echo, { container, ...json }),
            run(server, tokens.counts, { container, ...json }),
            run(server, tokens.streams, { container, method: 'POST', body: bytes }),
          ]);
          const expected = { got: n, from: `${container}-owner` };
          // A new worker counts anew: it took the place of one that kept too much memory, or was old.
          const isNew = count > 0 && answers[1].body.endsWith('"n":1}');
          if (isNew) counts.renewed += 1;
          count = isNew ? 1 : count + 1;
          const right = [
            JSON.stringify(expected),
            JSON.stringify({ ...expected, n: count }),
            createHash('sha256').update(bytes).digest('hex'),
          ];
          for (const [i, { status, body }] of answers.entries()) {
            counts.good += 1;
            if (status !== 200 || body !== right[i]) wrong.push({ container, n, i, status, body, right: right[i] });
          }
        }
      }

      async function hostile(container: string, first: number): Promise<void> {
        for (let n = first; Date.now() < until; n += 1) {
          const code = codes[n % codes.length] ?? '';
          const question = { container: `${container}-${n % 4}`, method: 'POST', body: code };
          const answer = await run(server, server.sign({ ten: question.container }), question).catch(cutOff);
          counts.hostile += 1;
          if (!ANSWERS.has(answer.status) || /-owner/.test(answer.body)) wrong.push({ code, answer });
        }
      }

      await Promise.all([
        ...['a', 'b', 'c'].map((name) => good(`good-${name}`)),
        hostile('hostile-a', 0),
        hostile('hostile-b', Math.floor(codes.length / 2)),
      ]);
      await server.close();
      console.log(`      ${counts.good} good and ${counts.hostile} hostile requests`);
      expect(wrong.slice(0, 3)).to.deep.equal([]);
      // The memory of the three is looked at every 30 seconds, and may be half of the little that these have.
      expect(counts.renewed, 'workers of good webtasks').to.be.at.most(SECONDS / 10);
      expect(server.errors.filter(({ code }) => code === 'INTERNAL').length, 'unforeseen errors').to.equal(0);
      expect(startedHere()).to.deep.equal([]);
      if (mode === 'sandbox') {
        expect(commandsWith(word)).to.deep.equal([]);
        expect(existsSync(join(tmpdir(), word))).to.equal(false);
      }
      // Only a sandbox ends what left its parent and its group, as docs/security.md says.
      endAllWith(word);
      rmSync(join(tmpdir(), word), { force: true });
    });
  });
}

/** The commands of what this process has started and still runs; the compiler is not the server's. */
function startedHere(): string[] {
  const [, ...pids] = readProcessTree(process.pid)?.pids ?? [];
  return pids.map((pid) => commandOf(String(pid))).filter((command) => command !== '' && !command.includes('esbuild'));
}

/** An answer that was cut off is one, too. */
function cutOff(error: Error): Answer {
  if (!['aborted', 'socket hang up', 'read ECONNRESET'].includes(error.message)) throw error;
  return { status: 502, headers: {}, body: error.message };
}

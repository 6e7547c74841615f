import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { MODES, useAttacked, words } from '../../../support/attacked.ts';

/** Of code, and what comes of it: what its caller is told, and what is in the log of its container. */
interface Excess {
  readonly code: string;
  /** Sent with the request, whose code is then at a URL. */
  readonly body?: string;
  readonly told: RegExp;
  readonly logged: RegExp;
}

const EVERY = 'const every = (ms, call) => { const more = () => { call(); setTimeout(more, ms); }; more(); };';
const START = `const start = (onError) => require('child_process')
  .spawn(process.execPath, ['-e', 'setTimeout(() => {}, 20000)'], { stdio: 'ignore' }).on('error', onError);`;

const EXCESSES: Record<string, Excess> = {
  'the time without a turn of the event loop': {
    code: 'module.exports = (ctx, cb) => { for (;;); };',
    told: /^500 webtask: Blocked event loop\.$/,
    logged: /^exceeds \| exceeds: Error: Blocked event loop\.$/,
  },
  'CPU time': {
    code: `${EVERY} module.exports = (ctx, cb) => every(1, () => { for (const end = Date.now() + 40; Date.now() < end; ); });`,
    told: /^500 proxy: The webtasks of CONTAINER used more than 4000 ms of CPU time within 60000 ms\.$/,
    logged: /^exceeds \| exceeds: The webtasks of CONTAINER used more than 4000 ms of CPU time within 60000 ms\.$/,
  },
  memory: {
    code: 'module.exports = (ctx, cb) => { const all = []; for (;;) all.push(Buffer.alloc(1 << 20, 1)); };',
    told: /^500 (proxy: The webtasks of CONTAINER used more than 67108864 bytes of memory\.|webtask: Array buffer allocation failed)$/,
    logged: /^exceeds \| exceeds: The webtasks of CONTAINER used more than 67108864 bytes of memory\.$/,
  },
  output: {
    code: `${EVERY} module.exports = (ctx, cb) => every(1, () => { for (let i = 0; i < 50; i += 1) console.log('x'.repeat(1000)); });`,
    told: /^500 proxy: The webtasks of CONTAINER printed more than 1048576 bytes within 10000 ms\.$/,
    logged: /^exceeds \| exceeds: The webtasks of CONTAINER printed more than 1048576 bytes within 10000 ms\.$/,
  },
  'the body of an answer': {
    code: 'module.exports = (ctx, req, res) => { res.setHeader("content-length", 1e9); res.write("x"); };',
    told: /^500 proxy: The answer of exceeds has more than 4194304 bytes\.$/,
    logged: /^exceeds \| exceeds: The answer of exceeds has more than 4194304 bytes\.$/,
  },
  'the headers of an answer': {
    code: 'module.exports = (ctx, req, res) => { res.setHeader("x-large", "x".repeat(100000)); res.end(); };',
    told: /^500 proxy: The headers of the answer of exceeds have 1000\d\d bytes, more than 65536\.$/,
    logged: /^exceeds \| exceeds: The headers of the answer of exceeds have 1000\d\d bytes, more than 65536\.$/,
  },
  'the body of a request': {
    code: 'module.exports = (ctx, cb) => cb(null, 1);',
    body: 'x'.repeat(2000),
    told: /^400 proxy: Script exceeds the size limit\.$/,
    logged: /^exceeds \| exceeds: a body of more than 1000 bytes was refused\.$/,
  },
};

for (const mode of MODES) {
  describe(`webtasks that use more than they may (${mode})`, function () {
    this.timeout(60_000);
    const its = useAttacked(mode, {
      WEBTASK_LIMIT_BODY_BYTES: '1000',
      WEBTASK_LIMIT_CPU_MS: '4000', // more than a loop uses until it is found to block
      WEBTASK_LIMIT_FILES: '64',
      WEBTASK_LIMIT_BLOCKED_MS: '1500',
    });
    before(function () {
      if (process.platform !== 'linux') this.skip(); // some of it is limited there alone
    });

    for (const [what, { code, body = '', told, logged }] of Object.entries(EXCESSES)) {
      it(`of ${what}: the answer names the limit, and so does the log`, async () => {
        const container = `c${randomUUID()}`; // what one has used up is not the next one's, nor that of another try
        const about = (words: RegExp) => new RegExp(words.source.replace('CONTAINER', container));
        const token = await its.server.mint(`${container}.js`, code, { ten: container, jtn: 'exceeds' });
        const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'text/plain' };
        const answer = await its.attack(body, { headers, container });
        expect(words(answer)).to.match(about(told));
        expect(its.server.lines.filter((line) => about(logged).test(line))).to.have.length(1);
      });
    }

    it('of open files: the code is told by the system, and has its files back afterwards', async () => {
      const code = `const fs = require('fs'); module.exports = cb => { const all = []; let code;
        try { for (;;) all.push(fs.openSync(process.execPath)); } catch (error) { code = error.code; }
        for (const it of all) fs.closeSync(it);
        cb(null, [code, all.length > 16 && all.length < 64]); };`;
      for (let i = 0; i < 2; i += 1) expect((await its.attack(code)).body).to.equal('["EMFILE",true]');
    });
  });

  describe(`webtasks that never answer (${mode})`, function () {
    this.timeout(60_000);
    const its = useAttacked(mode, {}, 1_000);

    it('are answered for: 504, with the limit; the log says which line of whose code it was', async () => {
      const answer = await its.attack('module.exports = (ctx, cb) => {};');
      expect(words(answer)).to.equal('504 proxy: webtask.js did not answer within 1000 ms.');
      const logged = /^attacked \| .*webtask\.js:1 never called back within 1000 ms\.$/;
      expect(its.server.lines.filter((line) => logged.test(line))).to.have.length(1);
    });
  });

  describe(`webtasks that start more than they may (${mode})`, function () {
    this.timeout(60_000);
    const its = useAttacked(mode, { WEBTASK_LIMIT_PROCESSES: '40', WEBTASK_LIMIT_MEMORY_BYTES: String(256 << 20) });
    before(function () {
      if (process.platform !== 'linux') this.skip(); // nobody counts them
    });

    it('processes: the answer names the limit and so does the log; or the system refuses more', async () => {
      const code = `${START} module.exports = cb => { const once = (error) => { cb(error); cb = () => {}; }; for (let i = 0; i < 12; i += 1) start(once); };`;
      const answer = words(await its.attack(code));
      const error = 'The webtasks of attacked started more than 40 processes and threads.';
      if (answer === `500 proxy: ${error}`) expect(its.server.lines).to.include(`attacked | attacked: ${error}`);
      else expect([mode, answer]).to.deep.equal(['sandbox', `400 webtask: spawn ${process.execPath} EAGAIN`]);
    });
  });
}

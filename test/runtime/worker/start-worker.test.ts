import { once } from 'node:events';
import { createRequire } from 'node:module';
import { userInfo } from 'node:os';
import { PassThrough, Readable } from 'node:stream';
import { expect } from 'chai';
import { launchProcess } from '../../../runtime/worker/launch.ts';
import { readLimits } from '../../../runtime/worker/limits/limits.ts';
import { findProgram } from '../../../runtime/worker/program.ts';
import { startWorker } from '../../../runtime/worker/start-worker.ts';
import { refusalOf } from '../../support/refusal.ts';
import { answerOf, headOf, runnable, useWorker } from '../../support/worker.ts';

/** What the platform adds to the environment of a worker. */
const QUIET_SDK = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED';

/** Who is in no list of users is told where to be at home. */
function homeOfNobody(): string[] {
  try {
    return userInfo() && [];
  } catch {
    return ['HOME'];
  }
}

for (const [mode, variables] of [
  ['process', [...homeOfNobody(), QUIET_SDK].sort()],
  ['sandbox', [QUIET_SDK, 'HOME', 'PWD']],
] as const) {
  describe(`a worker (${mode})`, () => {
    const its = useWorker(mode);

    it('runs webtasks as this process does: context, body, secrets', async () => {
      const webtask = runnable(
        'module.exports = (ctx, cb) => cb(null, [ctx.data.KEY, ctx.query.a, ctx.body, ctx.storage !== undefined]);',
        {
          secrets: { KEY: 'sk_1' },
        },
      );
      const request = {
        method: 'POST',
        url: '/?a=1',
        rawHeaders: ['Content-Type', 'application/json', 'Content-Length', '7'],
        body: '{"b":2}',
      };
      expect(await answerOf(its.worker, webtask, request)).to.deep.equal({
        status: 200,
        body: '["sk_1","1",{"b":2},true]',
        source: 'webtask',
      });
    });

    it('knows nothing of the process that started it: its environment and arguments are its own', async () => {
      const webtask = runnable(
        // Node itself hands on the variable that coverage is counted by.
        'module.exports = cb => cb(null, [Object.keys(process.env).filter(n => n !== "NODE_V8_COVERAGE").sort(), process.argv.length, typeof process.send]);',
      );
      expect(JSON.parse((await answerOf(its.worker, webtask)).body)).to.deep.equal([variables, 2, 'undefined']);
    });

    // Shut in, it sees no packages here; its environment is the same.
    const whereItSeesPackages = mode === 'process' ? it : () => undefined;
    whereItSeesPackages('prints nothing of what the AWS SDK has to say of the age of this Node', async () => {
      const sdk = createRequire(import.meta.url).resolve('@aws-sdk/client-dynamodb');
      const code = `new (require(${JSON.stringify(sdk)}).DynamoDBClient)({ region: 'local' });
        module.exports = cb => process.nextTick(cb, null, 1);`;
      const webtask = runnable(code);
      expect((await answerOf(its.worker, webtask)).body).to.equal('1');
      expect([webtask.printed, its.printed]).to.deep.equal([[], []]);
    });

    it('compiles a webtask once, and shares global between the webtasks of its container', async () => {
      const counts = runnable('global.loads = (global.loads || 0) + 1; module.exports = cb => cb(null, { loads });');
      const other = runnable('module.exports = cb => cb(null, { loads });');
      await answerOf(its.worker, counts);
      expect((await answerOf(its.worker, counts)).body).to.equal('{"loads":1}');
      expect((await answerOf(its.worker, other)).body).to.equal('{"loads":1}');
      its.worker.forget(counts);
      expect((await answerOf(its.worker, counts)).body).to.equal('{"loads":2}');
    });

    it('is for one container, and never for another', async () => {
      await answerOf(its.worker, runnable('module.exports = cb => cb(null, 1);'));
      const others = runnable('module.exports = cb => cb(null, 2);', { container: 'others' });
      const refused = await answerOf(its.worker, others).catch((error: Error) => error.message);
      expect(refused).to.equal('a worker of dev was given to others');
    });

    it('is unfit for further requests from the moment at which it is ended', async () => {
      expect(its.worker.isFit).to.equal(true);
      its.worker.kill('the test says so');
      expect(its.worker.isFit).to.equal(false);
    });

    it('says why code is no webtask, in the same words', async () => {
      expect(await refusalOf(answerOf(its.worker, runnable('module.exports = 5;')))).to.deep.equal({
        code: 'COMPILE_NOT_A_FUNCTION',
        message: 'Supplied code must return or export a function. It exported a number.',
        fix: 'Assign a function to module.exports, return one at top level, or use export default.',
      });
      expect(await refusalOf(answerOf(its.worker, runnable('module.exports = (')))).to.include({
        code: 'COMPILE_FAILED',
      });
    });

    it('runs TypeScript and ES modules, which the server translates for it', async () => {
      const typed = runnable('export default (cb: Function) => cb(null, "typed" satisfies string);', {
        meta: { 'wt-language': 'typescript' },
      });
      expect((await answerOf(its.worker, typed)).body).to.equal('"typed"');
      const broken = runnable('export default (cb => cb(');
      expect(await refusalOf(answerOf(its.worker, broken))).to.include({
        code: 'COMPILE_FAILED',
        message: 'Compilation failed: Unexpected end of file (/data/io/hello/webtask.js:1)',
      });
    });

    it('has code translated that is as long as code may be', async () => {
      const long = '"'.repeat(15 << 20);
      const webtask = runnable(`export default (cb) => cb(null, '${long}'.length);`);
      expect((await answerOf(its.worker, webtask)).body).to.equal(String(15 << 20));
    });

    it('gives what webtasks print to the run it belongs to, with its level', async () => {
      const webtask = runnable(
        "console.log('loading'); module.exports = cb => { console.log('run'); console.error('oh'); cb(null, 1); };",
      );
      await answerOf(its.worker, webtask);
      expect(webtask.printed).to.deep.equal(['30: loading', '30: run', '50: oh']);
      expect(its.printed).to.deep.equal([]);
    });

    it('keeps the document of a webtask through the server, which knows whose it is', async () => {
      const webtask = runnable(
        'module.exports = (ctx, cb) => ctx.storage.get((e, d) => ctx.storage.set({ n: ((d && d.n) || 0) + 1 }, (e2) => cb(e || e2, d)));',
      );
      await answerOf(its.worker, webtask);
      expect((await answerOf(its.worker, webtask)).body).to.equal('{"n":1}');
    });

    it('conflicts of storage are those that the code expects: 409 with what is there', async () => {
      const webtask = runnable(
        "module.exports = (ctx, cb) => ctx.storage.set({ a: 1 }, { force: 1 }, () => ctx.storage.set({ b: 1 }, { etag: 'old' }, (e) => cb(null, [e.code, e.conflict])));",
      );
      expect((await answerOf(its.worker, webtask)).body).to.equal('[409,{"a":1}]');
    });

    it('streams both ways, as fast as the other side reads', async () => {
      const echo = runnable('module.exports = (ctx, req, res) => { res.writeHead(201); req.pipe(res); };');
      const size = 5 * 1024 * 1024;
      const body = Readable.from(
        (function* () {
          for (let sent = 0; sent < size; sent += 100_000) yield Buffer.alloc(Math.min(100_000, size - sent), 'x');
        })(),
      );
      const { status, body: answer } = await answerOf(its.worker, echo, { method: 'POST', body });
      expect([status, answer.length]).to.deep.equal([201, size]);
    });

    it('holds a webtask back that writes faster than its caller reads', async () => {
      const flood = runnable(
        'module.exports = (ctx, req, res) => { let n = 0; const more = () => { let ok = true; while (ok && n < 200) { ok = res.write(Buffer.alloc(65536)); global.written = ++n; } if (n === 200) res.end(); }; res.on("drain", more); more(); };',
      );
      const written = runnable('module.exports = cb => cb(null, { written });');
      const reply = await headOf(its.worker, flood);
      const { written: soFar } = JSON.parse((await answerOf(its.worker, written)).body);
      expect(soFar).to.be.below(20);
      let length = 0;
      for await (const chunk of reply.body) length += chunk.length;
      expect(length).to.equal(200 * 65536);
    });

    it('answers others while a body is held back', async () => {
      const slow = runnable(
        'module.exports = (ctx, req, res) => { res.writeHead(200); req.on("data", () => {}); req.on("end", () => res.end("whole")); };',
      );
      const upload = new PassThrough();
      const answer = answerOf(its.worker, slow, { method: 'POST', body: upload });
      upload.write('first');
      expect((await answerOf(its.worker, runnable('module.exports = cb => cb(null, 1);'))).body).to.equal('1');
      upload.end('last');
      expect((await answer).body).to.equal('whole');
    });

    it('answers others between the pieces of an answer without end, however fast that is read', async () => {
      const endless = runnable(
        'module.exports = (ctx, req, res) => { const piece = Buffer.alloc(65536); const more = () => { while (res.write(piece)); }; res.on("drain", more); more(); };',
      );
      const small = runnable('module.exports = cb => cb(null, 1);');
      const reply = await headOf(its.worker, endless);
      let read = 0;
      reply.body.on('data', ({ length }) => {
        read += length;
      });
      for (let i = 0; i < 20; i += 1) {
        const before = read;
        expect((await answerOf(its.worker, small)).body).to.equal('1');
        expect(read - before).to.be.below(16 << 20);
      }
      await once(reply.body, 'data'); // it goes on
      reply.body.destroy();
    });

    it('sends the first bytes of an event stream before there are more', async () => {
      const events = runnable(
        'module.exports = (ctx, req, res) => { res.writeHead(200); res.write("data: 1\\n\\n"); };',
      );
      const reply = await headOf(its.worker, events);
      const [chunk] = await once(reply.body, 'data');
      expect(String(chunk)).to.equal('data: 1\n\n');
      reply.body.destroy();
    });

    it('lets the webtask know when the caller went away', async () => {
      const waits = runnable(
        'module.exports = (ctx, req, res) => { res.write("."); req.on("close", () => { global.gone = true; }); };',
      );
      const asks = runnable(
        'module.exports = cb => { const look = () => global.gone ? cb(null, "gone") : setImmediate(look); look(); };',
      );
      const reply = await headOf(its.worker, waits);
      reply.body.destroy();
      expect((await answerOf(its.worker, asks)).body).to.equal('"gone"');
      expect(its.worker.count).to.equal(0);
    });

    it('fails what it was answering when its process ends, with the reason, and nothing after that', async () => {
      const exits = runnable('module.exports = cb => process.exit(3);');
      const hangs = answerOf(its.worker, runnable('module.exports = cb => {};')).catch((error: unknown) => error);
      expect(await refusalOf(answerOf(its.worker, exits))).to.deep.equal({
        code: 'WORKER_ENDED',
        message: 'worker recycled: its process ended with exit code 3',
        fix: 'Send the request again where that does no harm.',
      });
      expect(await hangs).to.include({ code: 'WORKER_ENDED' });
      expect(await refusalOf(answerOf(its.worker, exits))).to.include({ code: 'WORKER_ENDED' });
    });

    it('is ended by garbage on its pipe, and the server goes on', async () => {
      const garbage = runnable("module.exports = cb => require('fs').writeSync(3, 'garbage without a newline');");
      expect(await refusalOf(answerOf(its.worker, garbage))).to.include({
        code: 'WORKER_ENDED',
        message:
          'worker recycled: A worker and its server do not understand each other: there is no frame of kind 103.',
      });
      await its.worker.ended;
    });

    it('is ended when the webtask closes its pipe', async () => {
      const closes = runnable("module.exports = cb => require('fs').closeSync(3);");
      await refusalOf(answerOf(its.worker, closes));
      expect(await its.worker.ended).to.be.a('string');
    });
  });
}

describe('a worker that has to be prepared', () => {
  const start = async (prepare: NonNullable<Parameters<typeof startWorker>[4]>) =>
    startWorker(launchProcess(await findProgram(), readLimits({})), () => undefined, undefined, undefined, prepare);

  it('is given to nobody where that fails: it has a network and its rules, or there is none', async () => {
    const ends: { kill(reason: string): void; ended: Promise<unknown> }[] = [];
    const started = start(async (it) => {
      ends.push(it);
      throw new Error('there is no network');
    });
    expect(await started.catch(({ message }) => message)).to.equal('there is no network');
    ends[0]?.kill('the test is over');
    await ends[0]?.ended;
  });
});

import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { expect } from 'chai';
import { skipUnlessShutIn } from '../../../support/isolation.ts';
import { openRawStream, type RawStream } from '../../../support/log-stream.ts';
import { runCode, startTestServer, type TestServer } from '../../../support/server.ts';

/** Spins until its process has used 100 ms more, whatever else the machine does. */
const SPIN = `const { cpuUsage } = process;
  const spin = () => { const from = cpuUsage(); for (let used = cpuUsage(from); used.user + used.system < 100000;) used = cpuUsage(from); };`;

for (const isolation of ['inline', 'process', 'sandbox'] as const) {
  describe(`what the log says that a run has used (${isolation})`, function () {
    this.timeout(30_000);
    let server: TestServer;
    let stream: RawStream;
    before(async function () {
      if (isolation === 'sandbox') skipUnlessShutIn(this);
      server = await startTestServer(20_000, { isolation });
    });
    after(() => server?.close());
    beforeEach(async () => {
      stream = await openRawStream(server.url, '/api/logs/tenant/test', { Authorization: `Bearer ${server.sign()}` });
    });
    afterEach(() => stream?.close());

    const lastOf = async (code: string): Promise<Record<string, unknown>> => {
      await runCode(server, `${SPIN} ${code}`).catch(() => undefined); // cut off
      return JSON.parse(await stream.until(/finished/));
    };

    it('is the CPU time of the process that it ran in, whether it answers in one piece', async () => {
      const { cpu_ms, heap_bytes } = await lastOf('module.exports = cb => { spin(); cb(null, 1) };');
      expect(cpu_ms).to.be.a('number').within(100, 20_000);
      expect(heap_bytes)
        .to.be.a('number')
        .within(1 << 20, 1 << 30);
    });

    it('or in several, to the last of them', async () => {
      const late =
        "module.exports = (ctx, req, res) => { res.write('a'); setImmediate(() => { spin(); res.end('b') }) };";
      expect((await lastOf(late)).cpu_ms)
        .to.be.a('number')
        .within(100, 20_000);
    });

    it('or is cut off by an error, or no webtask at all', async () => {
      const late =
        "module.exports = (ctx, req, res) => { res.write('a'); setImmediate(() => { spin(); throw new Error('late') }) };";
      expect(await lastOf(late)).to.include({ level: 50, status: 200 });
      expect((await lastOf(late)).cpu_ms)
        .to.be.a('number')
        .within(100, 20_000);
      stream.chunks.length = 0;
      expect(await lastOf('spin(); module.exports = 5;')).to.include({ status: 400 });
      expect(JSON.parse(await stream.until(/HTTP 400/)).cpu_ms)
        .to.be.a('number')
        .within(100, 20_000);
    });

    it('is its heap', async () => {
      const { heap_bytes } = await lastOf('global.kept = Array(4 << 20).fill(1.5); module.exports = cb => cb();');
      expect(heap_bytes)
        .to.be.a('number')
        .within(32 << 20, 1 << 30);
      await runCode(server, 'delete global.kept; return cb => cb()');
    });

    it('is measured with what the webtask cannot replace', async () => {
      const code = `process.cpuUsage = () => ({ user: NaN, system: 0 }); process.memoryUsage = () => ({ heapUsed: 'much' });
        module.exports = cb => { spin(); cb(null, 1) };`;
      const { cpuUsage, memoryUsage } = process;
      try {
        const { cpu_ms, heap_bytes } = await lastOf(code);
        expect(cpu_ms).to.be.a('number').within(100, 20_000);
        expect(heap_bytes).to.be.a('number');
      } finally {
        Object.assign(process, { cpuUsage, memoryUsage }); // inline, it is this one
      }
    });

    it('is not known of a run that began before anybody read', async () => {
      stream.close();
      const code =
        "module.exports = (ctx, req, res) => { res.write('a'); req.on('end', () => res.end('b')).resume(); };";
      const url = `${server.url}/api/run/test?key=${await server.mint('early.js', code)}`;
      const early = request(url, { method: 'POST', agent: false });
      early.write('a');
      const [answer] = (await once(early, 'response')) as [IncomingMessage]; // as documented
      stream = await openRawStream(server.url, '/api/logs/tenant/test', { Authorization: `Bearer ${server.sign()}` });
      early.end();
      answer.resume();
      expect(JSON.parse(await stream.until(/finished/)))
        .to.include({ status: 200 })
        .and.not.have.any.keys('cpu_ms', 'heap_bytes');
    });
  });
}

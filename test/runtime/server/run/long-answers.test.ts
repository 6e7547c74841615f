import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { expect } from 'chai';
import { skipUnlessShutIn } from '../../../support/isolation.ts';
import { runCode, startTestServer, type TestServer } from '../../../support/server.ts';

for (const isolation of ['inline', 'process', 'sandbox'] as const) {
  describe(`an answer that takes its time (${isolation})`, function () {
    this.timeout(20_000);
    let server: TestServer;
    before(async function () {
      if (isolation === 'sandbox') skipUnlessShutIn(this);
      server = await startTestServer(5_000, { isolation });
    });
    after(() => server?.close());

    /** Runs code, and gives the answer as soon as its head is there. */
    const begin = async (code: string): Promise<IncomingMessage> => {
      const headers = { Authorization: `Bearer ${server.sign()}` };
      const call = request(`${server.url}/api/run/test`, { method: 'POST', headers, agent: false }).end(code);
      const [answer] = await once(call, 'response');
      return answer.setEncoding('utf8');
    };

    it('aborts context.signal when its caller goes away, so that nobody works for nothing', async () => {
      const headers = { Authorization: `Bearer ${server.sign()}` };
      const call = request(`${server.url}/api/run/test`, { method: 'POST', headers, agent: false });
      call
        .on('error', () => undefined)
        .end(`return (ctx, cb) => {
        console.log('waits', ctx.signal.aborted);
        ctx.signal.addEventListener('abort', () => console.log('left', ctx.signal.aborted));
      }`);
      await server.printed('test | waits false');
      call.destroy();
      await server.printed('test | left true');
    });

    it('aborts it where it is cut off in the middle of its body', async () => {
      const answer = await begin(`return (ctx, req, res) => {
        ctx.signal.addEventListener('abort', () => console.log('cut off'));
        res.write('first');
      }`);
      await once(answer, 'data');
      answer.once('error', () => undefined).destroy();
      await server.printed('test | cut off');
    });

    it('does not abort it for an answer that is whole', async () => {
      const code = `return (ctx, req, res) => {
        res.once('close', () => setImmediate(() => console.log('whole', ctx.signal.aborted)));
        res.end('all');
      }`;
      expect((await runCode(server, code)).body).to.equal('all');
      await server.printed('test | whole false');
    });

    it('sends each event of a stream when it happens', async () => {
      const answer = await begin(`return (ctx, req, res) => {
        res.writeHead(200, { 'Content-Type': 'text/event-stream' });
        res.write('data: 1\\n\\n');
        global.next = (text) => res.end('data: ' + text + '\\n\\n');
      }`);
      const events = answer[Symbol.asyncIterator]();
      expect([answer.headers['content-type'], (await events.next()).value]).to.deep.equal([
        'text/event-stream',
        'data: 1\n\n',
      ]);
      await runCode(server, "return (cb) => { global.next('2'); cb(null, 1); }");
      expect((await events.next()).value).to.equal('data: 2\n\n');
    });

    it('answers a long poll when there is something to tell, others meanwhile', async () => {
      const poll = runCode(server, "return (cb) => { global.tell = (news) => cb(null, news); console.log('polls'); }");
      await server.printed('test | polls');
      expect((await runCode(server, "return (cb) => { global.tell('news'); cb(null, 'told'); }")).body).to.equal(
        '"told"',
      );
      expect((await poll).body).to.equal('"news"');
    });

    it('holds up no other answer of its container when its caller does not read', async () => {
      const large = await begin('return (ctx, req, res) => res.end(Buffer.alloc(8 << 20, "x"))');
      expect((await runCode(server, "return (cb) => cb(null, 'small')")).body).to.equal('"small"');
      let length = 0;
      for await (const chunk of large) length += chunk.length;
      expect(length).to.equal(8 << 20);
    });
  });
}

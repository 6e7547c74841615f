import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { expect } from 'chai';
import { skipUnlessShutIn } from '../../../support/isolation.ts';
import { startTestServer, type TestServer } from '../../../support/server.ts';

/** More than waits anywhere between a caller and a worker. */
const LARGE = Buffer.alloc(4 << 20, 'x');

for (const isolation of ['inline', 'process', 'sandbox'] as const) {
  describe(`a large body that nobody reads to its end (${isolation})`, function () {
    this.timeout(20_000);
    let server: TestServer;
    let agent: Agent;
    before(async function () {
      if (isolation === 'sandbox') skipUnlessShutIn(this);
      server = await startTestServer(5_000, { isolation });
      agent = new Agent({ keepAlive: true, maxSockets: 1 });
    });
    after(async () => {
      agent?.destroy();
      await server?.close();
    });

    /** Sends a body, and gives the answer and the port of the caller's side of the connection. */
    const send = async (token: string, body: Buffer): Promise<[status: number, text: string, port: unknown]> => {
      const headers = { Authorization: `Bearer ${token}`, 'Content-Length': body.length };
      const call = request(`${server.url}/api/run/test`, { method: 'POST', headers, agent });
      const [answer] = (await once(call.end(body), 'response')) as [IncomingMessage];
      const { localPort } = answer.socket;
      let text = '';
      for await (const chunk of answer.setEncoding('utf8')) text += chunk;
      return [answer.statusCode ?? 0, text, localPort];
    };

    for (const [what, code, expected] of [
      ['is left alone', 'return (ctx, req, res) => res.end("unread")', [200, 'unread']],
      ['is begun', 'return (ctx, req, res) => req.once("data", () => res.end("begun"))', [200, 'begun']],
      [
        'is begun by a webtask that streams its answer',
        'return (ctx, req, res) => { res.write("str"); req.once("data", () => res.end("eams")) }',
        [200, 'streams'],
      ],
      ['is left by an error', 'return (ctx, req, res) => { throw Object.assign(new Error("x"), {}) }', [500]],
    ] as const) {
      it(`keeps no answer from its caller, where it ${what}, and no request from its connection`, async () => {
        const token = await server.mint(`${what}.js`.replaceAll(' ', '-'), code);
        const [status, text, port] = await send(token, LARGE);
        expect([status, text].slice(0, expected.length)).to.deep.equal(expected);
        expect((await send(token, Buffer.from('x')))[2]).to.equal(port);
      });
    }

    it('keeps its caller from no error where it is larger than what is parsed', async () => {
      const token = await server.mint('parsed.js', 'return (ctx, cb) => cb(null, ctx.body_raw.length)');
      const [status, text] = await send(token, LARGE);
      expect([status, (JSON.parse(text) as { message: string }).message]).to.deep.equal([
        400,
        'Script exceeds the size limit.',
      ]);
    });
  });
}

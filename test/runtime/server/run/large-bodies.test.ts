import { createHash, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { skipUnlessShutIn } from '../../../support/isolation.ts';
import { ask, runCode, startTestServer, type TestServer } from '../../../support/server.ts';

const MIB = 1 << 20;

/** Answers with so many bytes that follow from a word, in whatever way it is asked to; each word has others. */
const CODE = `const { createHash } = require('crypto');
  const bytesOf = (word, length) => {
    const block = createHash('sha512').update(word).digest();
    return Buffer.concat(Array(Math.ceil(length / block.length)).fill(block)).subarray(0, length);
  };
  module.exports = (ctx, req, res) => {
    if (req.method === 'POST') return req.pipe(res);
    const { word, length, how } = ctx.query;
    const bytes = bytesOf(word, Number(length));
    if (how === 'at once') return res.end(bytes);
    const piece = Number(how);
    for (let at = 0; at < bytes.length; at += piece) res.write(bytes.subarray(at, at + piece));
    res.end();
    bytes.fill(0); // what was given is not its any more
  };`;

function bytesOf(word: string, length: number): Buffer {
  const block = createHash('sha512').update(word).digest();
  return Buffer.concat(Array(Math.ceil(length / block.length)).fill(block)).subarray(0, length);
}

for (const isolation of ['inline', 'process', 'sandbox'] as const) {
  describe(`large bodies (${isolation})`, function () {
    this.timeout(30_000);
    let server: TestServer;
    let url = '';
    before(async function () {
      if (isolation === 'sandbox') skipUnlessShutIn(this);
      server = await startTestServer(20_000, { isolation });
      url = `${server.url}/api/run/test/large`;
      const headers = { Authorization: `Bearer ${server.sign({ dd: 1 })}`, 'Content-Type': 'application/json' };
      const body = JSON.stringify({ code: CODE });
      expect((await ask(`${server.url}/api/webtask/test/large`, { method: 'PUT', headers, body })).status).to.equal(
        200,
      );
    });
    after(() => server?.close());

    const get = async (word: string, length: number, how: string): Promise<Buffer> => {
      const answer = await fetch(`${url}?word=${word}&length=${length}&how=${encodeURIComponent(how)}`);
      return Buffer.from(await answer.arrayBuffer());
    };

    it('of a webtask that calls back come whole, whatever their length', async () => {
      for (const length of [64 << 10, 256 << 10, 3 * MIB]) {
        const { status, body } = await runCode(server, `return cb => cb(null, 'é'.repeat(${length / 2} - 1));`);
        expect([status, body === JSON.stringify('é'.repeat(length / 2 - 1))]).to.deep.equal([200, true]);
      }
    });

    it('come as they were given, many at a time, however they are given and however long they are', async () => {
      const lengths = [16 << 10, (64 << 10) - 1, 64 << 10, (64 << 10) + 1, 256 << 10, (256 << 10) + 1, MIB, 3 * MIB];
      const ways = ['at once', '40000', '300000'];
      for (let round = 0; round < 3; round += 1) {
        const asked = lengths.flatMap((length, i) =>
          ways.map((how, k) => ({ word: `${round}.${i}.${k}`, length, how })),
        );
        const wrong = await Promise.all(
          asked.map(async ({ word, length, how }) =>
            (await get(word, length, how)).equals(bytesOf(word, length)) ? [] : [`${length} ${how}`],
          ),
        );
        expect(wrong.flat()).to.deep.equal([]);
      }
    });

    it('come as they were given beside callers that leave in the middle', async () => {
      const leaving = async (): Promise<void> => {
        const controller = new AbortController();
        const answer = await fetch(`${url}?word=left&length=${3 * MIB}&how=300000`, { signal: controller.signal });
        await answer.body?.getReader().read();
        controller.abort();
      };
      for (let round = 0; round < 5; round += 1) {
        const words = [0, 1, 2, 3].map((i) => `${round}.${i}`);
        const [answers] = await Promise.all([
          Promise.all(words.map((word) => get(word, MIB, 'at once'))),
          ...words.map(leaving),
        ]);
        const areRight = answers.map((answer, i) => answer.equals(bytesOf(words[i] ?? '', MIB)));
        expect(areRight).to.deep.equal([true, true, true, true]);
      }
    });

    it('come back as they were sent, many at a time', async () => {
      const sent = [100_000, MIB, 3 * MIB, MIB + 1, 70_000, 2 * MIB].map((length) => randomBytes(length));
      const back = await Promise.all(
        sent.map(async (body) => Buffer.from(await (await fetch(url, { method: 'POST', body })).arrayBuffer())),
      );
      expect(back.map((answer, i) => answer.equals(sent[i] ?? Buffer.alloc(0)))).to.deep.equal(sent.map(() => true));
    });
  });
}

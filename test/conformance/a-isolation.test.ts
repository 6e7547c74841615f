import { expect } from 'chai';
import { testIsolation } from '../support/isolation.ts';
import { useServer } from './server.ts';

describe('A. programs of one container beside those of another', () => {
  const server = useServer({ isolation: testIsolation() === 'inline' ? 'process' : testIsolation() });

  it('18. while (true) {} stops no other container', async function () {
    this.timeout(90_000); // a worker starts, is cut off and starts again; the limit of another server may be long
    if (server.masterKey === undefined) return this.skip(); // a token for a second container cannot be had
    const asMaster = { Authorization: `Bearer ${server.masterKey}` };
    for (const [ten, code] of [
      ['spinning', "module.exports = (ctx, cb) => { if (ctx.query.loop) while (true) {} cb(null, 'here'); };"],
      ['dev', "module.exports = (cb) => cb(null, 'there');"],
    ]) {
      const json = { ten, jtn: 'spin', code };
      expect((await server.call('POST', '/api/tokens/issue', { json, headers: asMaster })).status).to.equal(200);
    }
    const textOf = async (path: string): Promise<string> => (await fetch(`${server.url}/api/run/${path}`)).text();
    await textOf('dev/spin'); // its worker runs
    let isOver = false;
    const loop = fetch(`${server.url}/api/run/spinning/spin?loop=1`).finally(() => {
      isOver = true;
    });
    expect(await textOf('dev/spin')).to.equal('"there"');
    expect(isOver).to.equal(false);

    const answer = await loop;
    const { code, message } = (await answer.json()) as Record<string, unknown>;
    expect(code).to.equal(answer.status).and.be.within(500, 599);
    if (server.isOwn)
      expect({ code, message }).to.deep.equal({ code: 504, message: 'spin did not answer within 1000 ms.' });
    expect(await textOf('spinning/spin')).to.equal('"here"');
  });
});

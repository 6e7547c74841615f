import { expect } from 'chai';
import { openRawStream, type RawStream } from '../support/log-stream.ts';
import { useServer } from './server.ts';

/** The record of an event, as the original client reads it. */
function recordOf(event: string): Record<string, unknown> {
  return JSON.parse(event.replace(/^id: \d+\ndata: /, '')) as Record<string, unknown>;
}

describe('C, D. The log stream', () => {
  const server = useServer();
  /** As the clients ask for it: with the key in the URL, and no Authorization. */
  const open = (): Promise<RawStream> =>
    openRawStream(server.url, `/api/logs/tenant/dev?key=${server.token}`, { Accept: 'text/event-stream' });

  it('48. console.log lines of runs arrive, one event a call, within a second', async () => {
    await server.create('talker', "module.exports = (ctx, cb) => { console.log('said ' + ctx.query.n); cb(); };");
    const stream = await open();
    expect(stream.headers['content-type']).to.match(/^text\/event-stream/);
    for (const n of ['1', '2', '3']) {
      await server.run(`talker?n=${n}`);
      const calledAt = Date.now();
      await stream.until(new RegExp(`said ${n}`));
      expect(Date.now() - calledAt).to.be.below(1000);
    }
    expect(stream.chunks.filter((it) => it.includes('said'))).to.have.length(3);
    stream.close();
  });

  it('71. events have no name, are in one piece, and hold records with name, level, msg, time and v', async () => {
    await server.create('printer', "module.exports = (cb) => { console.log('from the log'); cb(); };");
    const stream = await open();
    await server.run('printer');
    await stream.until(/finished/);
    for (const event of stream.chunks) expect(event).to.match(/^(id: \d+\n)?data: {.*}\n\n$/);
    const record = recordOf(await stream.until(/from the log/));
    expect(record).to.include({ level: 30, msg: 'from the log', v: 0 });
    expect(record).to.include.keys('name', 'hostname', 'pid', 'time');
    stream.close();
  });
});

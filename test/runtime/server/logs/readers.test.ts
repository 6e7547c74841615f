import FakeTimers from '@sinonjs/fake-timers';
import { expect } from 'chai';
import { openRawStream, type RawStream } from '../../../support/log-stream.ts';
import { ask, CLUSTER, run, runCode, startTestServer, type TestServer } from '../../../support/server.ts';
import { storeSettings } from '../../../support/table.ts';

const EVENTS = { Accept: 'text/event-stream' };

/** Prints more than the two ends of a connection hold, beside what the server does. */
const MUCH = `return (ctx, cb) => {
  const text = 'x'.repeat(16000);
  let n = 0;
  const print = () => {
    for (let i = 0; i < 20; i++) console.log(++n, text);
    if (n < 1500) setImmediate(print); else cb(null, n);
  };
  print();
}`;

describe('a reader of logs', () => {
  let server: TestServer;
  let clock: FakeTimers.Clock | undefined;
  before(async () => {
    const env = { ...CLUSTER, ...(await storeSettings()), WEBTASK_LIMIT_OUTPUT_BYTES: String(32 << 20) };
    server = await startTestServer(5_000, { env });
  });
  afterEach(() => {
    clock?.uninstall();
    clock = undefined;
  });
  after(() => server.close());

  const open = (token: string, headers: Record<string, string> = {}): Promise<RawStream> =>
    openRawStream(server.url, `/api/logs/tenant/test?key=${token}`, headers);
  const messageOf = (chunk: string): string => (JSON.parse(chunk) as { msg: string }).msg;
  /** From now on, time passes only where a test says so. */
  const stopTime = (): FakeTimers.Clock => {
    clock = FakeTimers.install({ now: Date.now(), toFake: ['setInterval', 'clearInterval', 'Date'] });
    return clock;
  };

  it('who stops reading is dropped with a notice, and keeps neither webtasks nor others waiting', async () => {
    const slow = await open(server.sign());
    const other = await open(server.sign());
    slow.socket.pause();
    expect((await runCode(server, MUCH)).body).to.equal('1500');
    await other.until(/finished/);
    expect(other.chunks).to.have.length(1502);
    slow.socket.resume();
    expect(await slow.ended).to.equal(true);
    expect(slow.chunks.length).to.be.below(1502);
    const last = slow.chunks.at(-1) ?? '';
    expect(messageOf(last)).to.equal('this log stream was ended: its reader is too slow, and records were lost');
    expect(JSON.parse(last)).to.include({ level: 40, from: 'platform', container: 'test' });
    other.close();
  });

  it('hears something every 15 seconds, which is no record', async () => {
    const time = stopTime();
    const [events, lines] = [await open(server.sign(), EVENTS), await open(server.sign())];
    time.tick(14_999);
    await runCode(server, 'return cb => cb()');
    await events.until(/finished/);
    await lines.until(/finished/);
    expect(events.chunks.filter((it) => !it.startsWith('id: '))).to.deep.equal([]);
    time.tick(1);
    expect(await events.until(/ping/)).to.equal('event: ping\ndata: {}\n\n');
    expect(await lines.until(/^\n$/)).to.equal('\n');
    for (const stream of [events, lines]) stream.close();
  });

  it('reads no longer than its token is good for', async () => {
    const time = stopTime();
    const stream = await open(server.sign({ exp: Math.floor(Date.now() / 1000) + 20 }));
    time.tick(15_000);
    await stream.until(/^\n$/);
    time.tick(15_000);
    expect(await stream.ended).to.equal(true);
    expect(messageOf(stream.chunks.at(-1) ?? '')).to.equal('this log stream was ended: expired JWT token');
  });

  it('reads no more after its token was revoked', async () => {
    const time = stopTime();
    const token = server.sign({ jti: 'read-1', iat: 1 });
    const stream = await open(token);
    const headers = { Authorization: `Bearer ${token}` };
    const revoked = await ask(`${server.url}/api/tokens/revoke?token=${token}`, { method: 'POST', headers });
    expect(revoked.status).to.equal(200);
    time.tick(15_000);
    expect(await stream.ended).to.equal(true);
    expect(messageOf(stream.chunks.at(-1) ?? '')).to.equal('this log stream was ended: token is revoked');
  });

  it('who was dropped and still reads nothing does not hold up a stop of the server', async () => {
    const slow = await open(server.sign());
    slow.socket.pause();
    await runCode(server, MUCH);
    const stoppedAt = Date.now();
    await server.restart();
    expect(Date.now() - stoppedAt).to.be.below(3000);
    slow.close();
  });

  it('is told when the server stops, which it does at once, also where nobody reads any more', async () => {
    const [reading, stuck] = [await open(server.sign()), await open(server.sign())];
    stuck.socket.pause();
    await run(server, server.sign(), { method: 'POST', body: "return cb => { console.log('x'); cb() }" });
    await reading.until(/finished/);
    const stoppedAt = Date.now();
    await server.restart();
    expect(Date.now() - stoppedAt).to.be.below(1000);
    expect(await reading.ended).to.equal(true);
    expect(messageOf(reading.chunks.at(-1) ?? '')).to.equal('this log stream was ended: the server stops');
    stuck.close();
  });
});

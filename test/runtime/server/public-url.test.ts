import { expect } from 'chai';
import { startTestServer, type TestServer } from '../../support/server.ts';

const PUBLIC = 'https://wt.example.com/base';
const CREATES_TOKENS = `module.exports = (ctx, cb) => ctx.create_token_url({ pctx: { p: 1 } }, cb);`;

describe('a server with a public URL', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer(5_000, { publicUrl: PUBLIC });
  });
  after(() => server.close());

  const ask = async (method: string, path: string, json?: object): Promise<Response> =>
    fetch(server.url + path, {
      method,
      headers: {
        Authorization: `Bearer ${server.sign({ ten: 'test', dd: 5 })}`,
        ...(json && { 'Content-Type': 'application/json' }),
      },
      ...(json && { body: JSON.stringify(json) }),
    });
  const jsonOf = async (answer: Response): Promise<Record<string, unknown>> => {
    expect(answer.status).to.equal(200);
    return (await answer.json()) as Record<string, unknown>; // an object, by the API
  };

  it('prints it in the Location of a token: the name, or the key', async () => {
    const named = await ask('POST', '/api/tokens/issue', { ten: 'test', jtn: 'hello', code: 'return cb => cb()' });
    expect(named.headers.get('location')).to.equal(`${PUBLIC}/api/run/test/hello`);
    const nameless = await ask('POST', '/api/tokens/issue', { ten: 'test', code: 'return cb => cb()' });
    expect(nameless.headers.get('location')).to.equal(`${PUBLIC}/api/run/test?key=${await nameless.text()}`);
  });

  it('prints it as webtask_url of a webtask that is put, read, listed and inspected', async () => {
    const url = `${PUBLIC}/api/run/test/shown`;
    const put = await jsonOf(await ask('PUT', '/api/webtask/test/shown', { code: 'return cb => cb()' }));
    expect(put.webtask_url).to.equal(url);
    expect((await jsonOf(await ask('GET', '/api/webtask/test/shown'))).webtask_url).to.equal(url);
    const list = (await (await ask('GET', '/api/webtask/test?limit=100')).json()) as Record<string, unknown>[];
    expect(list.find(({ name }) => name === 'shown')?.webtask_url).to.equal(url);
    const inspected = await ask('GET', `/api/tokens/inspect?token=${String(put.token)}`);
    expect((await jsonOf(inspected)).webtask_url).to.equal(url);
  });

  it('prints it in the URL of a token that a webtask creates', async () => {
    await ask('PUT', '/api/webtask/test/creates', { code: CREATES_TOKENS });
    const answer = await (await ask('GET', '/api/run/test/creates')).text();
    expect(answer).to.match(/^"https:\/\/wt\.example\.com\/base\/api\/run\/test/);
  });

  it('prints it in its jobs and in the description of its API', async () => {
    const job = await jsonOf(await ask('PUT', '/api/cron/test/hello', { schedule: '0 0 1 1 *' }));
    expect(job.cluster_url).to.equal(PUBLIC);
    const described = await jsonOf(await ask('GET', '/api/openapi.json'));
    expect(described.servers).to.deep.equal([{ url: PUBLIC }]);
  });
});

import { expect } from 'chai';
import { type Origin, startOrigin } from '../../../support/origin.ts';
import {
  type Answer,
  apiError,
  ask,
  CLUSTER,
  proxyError,
  startTestServer,
  type TestServer,
} from '../../../support/server.ts';
import { storeSettings } from '../../../support/table.ts';

describe('POST /api/env/node/modules', function () {
  this.timeout(30_000);
  let registry: Origin;
  let server: TestServer;
  before(async () => {
    registry = await startOrigin(() => undefined); // never answers
    const env = {
      ...CLUSTER,
      ...(await storeSettings()),
      PATH: process.env.PATH,
      npm_config_registry: registry.origin,
    };
    server = await startTestServer(5_000, { env });
  });
  after(async () => {
    await server.close();
    await registry.close();
  });

  const request = (ten: string, names: readonly string[]): Promise<Answer> =>
    ask(`${server.url}/api/env/node/modules`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${server.sign({ ten })}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ modules: names.map((name) => ({ name, version: '1.0.0' })) }),
    });
  const names = (count: number, prefix: string): string[] => Array.from({ length: count }, (_, i) => `${prefix}-${i}`);
  const queued = async (name: string): Promise<unknown> =>
    JSON.parse((await ask(`${server.url}/api/env/node/modules/${name}`)).body);

  it('takes 50 of a container at once, and refuses what would be more, all of a request, with when to come back', async () => {
    expect((await request('shop', names(49, 'first'))).status).to.equal(200);
    const answer = await request('shop', names(2, 'more'));
    const message = 'The container shop would have more than 50 modules fetched at once.';
    expect(apiError(answer)).to.deep.equal(proxyError(429, message));
    expect(answer.headers['retry-after']).to.equal('10');
    expect(await queued('more-0')).to.deep.equal([]);
    expect((await request('shop', [...names(48, 'first'), 'last', 'last'])).status).to.equal(200); // one of them is new
    expect(await queued('last')).to.deep.equal([{ name: 'last', version: '1.0.0', state: 'queued' }]);
  });

  it('is bounded in the same way where code that needs modules is run', async () => {
    const headers = { Authorization: `Bearer ${server.sign({ ten: 'shop' })}` };
    const code = "require('other@1.0.0'); module.exports = cb => cb()";
    const answer = await ask(`${server.url}/api/run/shop`, { method: 'POST', headers, body: code });
    const message = 'The container shop would have more than 50 modules fetched at once.';
    expect(apiError(answer)).to.deep.equal(proxyError(429, message));
    expect(answer.headers['retry-after']).to.equal('10');
  });

  it('takes 200 of all containers at once', async () => {
    for (const ten of ['a', 'b', 'c']) expect((await request(ten, names(50, ten))).status).to.equal(200);
    const answer = await request('d', ['one']);
    expect(apiError(answer)).to.deep.equal(proxyError(503, 'This server already has 200 modules to fetch.'));
    expect(answer.headers['retry-after']).to.equal('10');
  });
});

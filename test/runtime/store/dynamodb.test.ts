import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { createClient } from '../../../runtime/store/client.ts';
import { createDynamoDBStore, openStore, type Store, startTestDynamoDB } from '../../../runtime/store/index.ts';
import { refusalOf } from '../../support/refusal.ts';

const KEY = { partition: 'p', sort: 'a' };

describe('a store on DynamoDB', () => {
  let dynamodb: Awaited<ReturnType<typeof startTestDynamoDB>>;

  before(async () => {
    dynamodb = await startTestDynamoDB({ state: ['pk', 'sk'] });
  });

  after(() => dynamodb.close());

  async function openAt(endpoint: string, table = 'state'): Promise<Store> {
    return createDynamoDBStore(await createClient({ endpoint }), table);
  }

  describe('behind a network that loses answers', () => {
    let network: Server;
    let endpoint: string;
    let lost: string[];
    let losing: string | undefined;

    beforeEach(async () => {
      lost = [];
      losing = undefined;
      network = createServer((incoming, outgoing) => {
        const onward = request(dynamodb.endpoint, { method: 'POST', headers: incoming.headers }, (answer) => {
          if (losing !== undefined && operationOf(incoming) === losing) {
            lost.push(losing);
            losing = undefined;
            answer.resume().once('end', () => incoming.socket.destroy());
            return;
          }
          outgoing.writeHead(answer.statusCode ?? 0, answer.headers);
          answer.pipe(outgoing);
        });
        incoming.pipe(onward);
      });
      await new Promise<void>((done) => network.listen(0, '127.0.0.1', done));
      endpoint = `http://127.0.0.1:${(network.address() as AddressInfo).port}`; // it listens on TCP
    });

    afterEach(() => {
      network.closeAllConnections();
      network.close();
    });

    it('does not take its own write, asked for a second time, for that of another', async () => {
      const store = await openAt(endpoint);
      losing = 'PutItem';
      const written = await store.put(KEY, 1, { expected: null });
      expect({ ok: written.ok, lost }).to.deep.equal({ ok: true, lost: ['PutItem'] });
      expect(await store.get(KEY)).to.deep.equal({ ...KEY, version: written.ok && written.version, value: 1 });
      await store.close();
    });
  });

  it('says by name that its table is missing, and how it must be made', async () => {
    const store = await openAt(dynamodb.endpoint, 'missing');
    for (const asked of [store.get(KEY), store.put(KEY, 1), store.remove(KEY), store.list('p', { limit: 1 })]) {
      expect(await refusalOf(asked)).to.deep.equal({
        code: 'STORE_NO_TABLE',
        message: 'The DynamoDB table missing does not exist.',
        fix: 'Create it with the partition key pk and the sort key sk, both of type S.',
      });
    }
    await store.close();
  });

  it('says that it does not answer, and why', async () => {
    const nobody = createServer();
    await new Promise<void>((done) => nobody.listen(0, '127.0.0.1', done));
    const { port } = nobody.address() as AddressInfo; // it listens on TCP
    await new Promise((done) => nobody.close(done));
    const store = await openAt(`http://127.0.0.1:${port}`);
    expect(await refusalOf(store.get(KEY))).to.deep.equal({
      code: 'STORE_UNREACHABLE',
      message: `The store did not answer: connect ECONNREFUSED 127.0.0.1:${port}.`,
      fix: undefined,
    });
    await store.close();
  });

  it('is the table that WEBTASK_DYNAMODB_TABLE names, where the AWS variables say', async () => {
    const variables = {
      AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint,
      AWS_REGION: 'local',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
    };
    const before = { ...process.env };
    Object.assign(process.env, variables);
    try {
      const store = await openStore('/nowhere', { WEBTASK_DYNAMODB_TABLE: 'state' });
      expect((await store.put({ partition: 'env', sort: 'a' }, 1)).ok).to.equal(true);
      await store.close();
    } finally {
      for (const name of Object.keys(variables)) {
        if (before[name] === undefined) delete process.env[name];
        else process.env[name] = before[name];
      }
    }
    const direct = await openAt(dynamodb.endpoint);
    expect((await direct.get({ partition: 'env', sort: 'a' }))?.value).to.equal(1);
    await direct.close();
  });
});

describe('a DynamoDB that does not answer', () => {
  it('is given up after a stated time, also by those who wait for their turn', async () => {
    const silent = createServer((req) => void req.resume()).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const endpoint = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`; // it listens on TCP
    const store = await createDynamoDBStore(await createClient({ endpoint }), 'state', undefined, 200);
    const startedAt = Date.now();
    const refusals = await Promise.all(Array.from({ length: 120 }, () => refusalOf(store.get(KEY))));
    expect(Date.now() - startedAt).to.be.lessThan(4_000);
    expect(new Set(refusals.map(({ message }) => message))).to.deep.equal(
      new Set(['The store did not answer: it took too long.']),
    );
    await store.close();
    silent.closeAllConnections();
    silent.close();
  });
});

describe('the DynamoDB of tests', () => {
  it('goes on where a client goes away before its answer', async () => {
    const { endpoint, close } = await startTestDynamoDB({ state: ['pk', 'sk'] });
    const gone = request(endpoint, { method: 'POST', headers: { 'content-length': 1000 } });
    await new Promise<void>((done) => {
      gone.on('error', () => done());
      gone.on('socket', (socket) =>
        socket.once('connect', () => gone.write('{', () => gone.destroy(new Error('gone')))),
      );
      gone.flushHeaders();
    });
    const store = await createDynamoDBStore(await createClient({ endpoint }), 'state');
    expect((await store.put(KEY, 1)).ok).to.equal(true);
    await store.close();
    await close();
  });
});

/** The operation that a request asks for. */
function operationOf(incoming: IncomingMessage): string | undefined {
  return String(incoming.headers['x-amz-target']).split('.')[1];
}

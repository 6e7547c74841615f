import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '../../../../runtime/store/client.ts';
import {
  createDynamoDBStore,
  createMemoryStore,
  openStore,
  type Store,
  startTestDynamoDB,
} from '../../../../runtime/store/index.ts';
import { conformsToRevocation } from './conformance.ts';

describe('revocation over a store in memory', () => {
  const store: Store = { ...createMemoryStore(), close: async () => undefined };
  conformsToRevocation(async () => store);
});

describe('revocation over the embedded store of a folder', () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wt-'));
  });

  after(() => rm(folder, { recursive: true }));

  conformsToRevocation(() => openStore(folder, {}));
});

describe('revocation over a table behind the DynamoDB API', () => {
  let dynamodb: Awaited<ReturnType<typeof startTestDynamoDB>>;

  before(async () => {
    dynamodb = await startTestDynamoDB({ state: ['pk', 'sk'] });
  });

  after(() => dynamodb.close());

  conformsToRevocation(async () => createDynamoDBStore(await createClient({ endpoint: dynamodb.endpoint }), 'state'));
});

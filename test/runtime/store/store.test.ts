import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '../../../runtime/store/client.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../../../runtime/store/embedded.ts';
import { createDynamoDBStore, createMemoryStore, startTestDynamoDB } from '../../../runtime/store/index.ts';
import { openStore } from '../../../runtime/store/open.ts';
import { conformsToStore } from './conformance.ts';

/** What an item of DynamoDB takes, less its keys and names. */
const MAX_ITEM_BYTES = 390 * 1024;

describe('a store in memory', () => {
  conformsToStore({ open: async (now) => createMemoryStore(now), maxBytes: 500 * 1024 });
});

describe('the embedded store, in the process that serves it', () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wt-'));
  });

  after(() => rm(folder, { recursive: true }));

  conformsToStore({ open: (now) => openStore(folder, {}, now), maxBytes: MAX_ITEM_BYTES });
});

describe('the embedded store, on its socket', () => {
  let folder: string;
  let owner: EmbeddedStore;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wt-'));
    owner = await openEmbeddedStore(folder);
  });

  after(async () => {
    await owner.close();
    await rm(folder, { recursive: true });
  });

  conformsToStore({ open: (now) => openStore(folder, {}, now), maxBytes: MAX_ITEM_BYTES });
});

describe('a table behind the DynamoDB API, on TCP', () => {
  let dynamodb: Awaited<ReturnType<typeof startTestDynamoDB>>;

  before(async () => {
    dynamodb = await startTestDynamoDB({ state: ['pk', 'sk'] });
  });

  after(() => dynamodb.close());

  conformsToStore({
    open: async (now) => createDynamoDBStore(await createClient({ endpoint: dynamodb.endpoint }), 'state', now),
    maxBytes: MAX_ITEM_BYTES,
  });
});

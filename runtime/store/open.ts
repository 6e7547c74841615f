import { createClient } from './client.ts';
import { createDynamoDBStore } from './dynamodb.ts';
import { openEmbeddedStore } from './embedded.ts';
import type { Store } from './store.ts';
import { createTable } from './test-dynamodb.ts';

const EMBEDDED_TABLE = 'webtask';

/**
 * Opens the durable state of a server: the table that `WEBTASK_DYNAMODB_TABLE` names, or the embedded store.
 *
 * @param dataFolder - where the embedded store is
 * @param env - with the usual `AWS_` variables where a table is named
 * @throws STORE_OWNER_SILENT
 */
export async function openStore(dataFolder: string, env: NodeJS.ProcessEnv): Promise<Store> {
  const table = env.WEBTASK_DYNAMODB_TABLE;
  if (table) return createDynamoDBStore(await createClient(), table);
  const embedded = await openEmbeddedStore(dataFolder);
  const client = await createClient({ socketPath: embedded.socketPath });
  await createTable(client, EMBEDDED_TABLE, ['pk', 'sk']);
  const store = await createDynamoDBStore(client, EMBEDDED_TABLE);
  return {
    ...store,
    async close() {
      await store.close();
      await embedded.close();
    },
  };
}

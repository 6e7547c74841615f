import { createClient } from './client.ts';
import { createDynamoDBStore } from './dynamodb.ts';
import { openEmbeddedStore } from './embedded.ts';
import { EMBEDDED_TABLE } from './files.ts';
import type { Store } from './store.ts';

/**
 * Opens the durable state of a server: the table that `WEBTASK_DYNAMODB_TABLE` names, or the embedded store.
 *
 * @param dataFolder - where the embedded store is
 * @param env - with the usual `AWS_` variables where a table is named
 * @param now - seconds since the epoch
 * @throws STORE_OWNER_SILENT, STORE_FILES_UNUSABLE, STORE_FOLDER_FOREIGN
 */
export async function openStore(dataFolder: string, env: NodeJS.ProcessEnv, now?: () => number): Promise<Store> {
  const table = env.WEBTASK_DYNAMODB_TABLE;
  if (table) return createDynamoDBStore(await createClient(), table, now);
  const embedded = await openEmbeddedStore(dataFolder);
  const store = await createDynamoDBStore(await createClient({ socketPath: embedded.socketPath }), EMBEDDED_TABLE, now);
  return {
    ...store,
    async close() {
      await store.close();
      await embedded.close();
    },
  };
}

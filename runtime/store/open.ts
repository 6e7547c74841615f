import { createClient } from './client.ts';
import { createDynamoDBStore } from './dynamodb.ts';
import { EMBEDDED_TABLE } from './files.ts';
import { checkFormat } from './format.ts';
import { joinEmbeddedStore } from './join.ts';
import type { WholeStore } from './store.ts';
import { createTableStore } from './table-store.ts';

/**
 * Opens the durable state of a server: the table that `WEBTASK_DYNAMODB_TABLE` names, or the embedded store.
 *
 * @param dataFolder - where the embedded store is
 * @param env - with the usual `AWS_` variables where a table is named
 * @param now - seconds since the epoch
 * @throws STORE_OWNER_SILENT, STORE_FILES_UNUSABLE, STORE_FOLDER_FOREIGN, STORE_FORMAT_NEWER, STORE_RESTORE_UNFINISHED,
 *   STORE_NO_TABLE, STORE_UNREACHABLE
 */
export async function openStore(dataFolder: string, env: NodeJS.ProcessEnv, now?: () => number): Promise<WholeStore> {
  const store = await openUnchecked(dataFolder, env, now);
  try {
    await checkFormat(store);
  } catch (error) {
    await store.close();
    throw error;
  }
  return store;
}

/** Opens it as it is, whatever format it has: for who restores it. */
export async function openUnchecked(
  dataFolder: string,
  env: NodeJS.ProcessEnv,
  now?: () => number,
): Promise<WholeStore> {
  const table = env.WEBTASK_DYNAMODB_TABLE;
  if (table) return createDynamoDBStore(await createClient(), table, now);
  return createTableStore(await joinEmbeddedStore(dataFolder), EMBEDDED_TABLE, now);
}

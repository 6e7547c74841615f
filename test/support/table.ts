import { randomUUID } from 'node:crypto';
import { createClient } from '../../runtime/store/client.ts';
import { createTable } from '../../runtime/store/test-dynamodb.ts';

/**
 * The settings that give a server a store of its own: the embedded one in its data folder, or, in the run over another
 * DynamoDB, a new table there.
 */
export async function storeSettings(): Promise<Record<string, string>> {
  if (process.env.WEBTASK_TEST_TABLES === undefined) return {};
  return { WEBTASK_DYNAMODB_TABLE: await newTable() };
}

/** Makes a table where the AWS variables say. Gives its name. */
export async function newTable(): Promise<string> {
  const name = `test-${randomUUID()}`;
  const client = await createClient();
  try {
    await createTable(client, name, ['pk', 'sk']);
  } finally {
    client.destroy();
  }
  return name;
}

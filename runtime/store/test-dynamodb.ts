/// <reference path="./dynalite.d.ts" />
import type { AddressInfo } from 'node:net';
import { createClient } from './client.ts';
import { listen, stop } from './embedded.ts';

/** The keys of a table: the partition key, and the sort key where it has one. All are texts. */
export type TableKeys = string | readonly [partitionKey: string, sortKey: string];

/**
 * Starts a DynamoDB for tests: in memory, on a free port of the loopback interface, with empty tables.
 *
 * @param tables - names to keys
 * @example
 * const dynamodb = await startTestDynamoDB({ revoked: 'jti' });
 */
export async function startTestDynamoDB(
  tables: Readonly<Record<string, TableKeys>>,
): Promise<{ readonly endpoint: string; close(): Promise<void> }> {
  const { default: dynalite } = await import('dynalite');
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  await listen(server, { host: '127.0.0.1', port: 0 });
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const endpoint = `http://127.0.0.1:${port}`;
  const client = await createClient({ endpoint });
  for (const [table, keys] of Object.entries(tables)) await createTable(client, table, keys);
  client.destroy();
  return { endpoint, close: () => stop(server) };
}

/**
 * Creates a table, unless it is there.
 *
 * @param client - an SDK client
 */
export async function createTable(
  client: Awaited<ReturnType<typeof createClient>>,
  table: string,
  keys: TableKeys,
): Promise<void> {
  const { CreateTableCommand, ResourceInUseException } = await import('@aws-sdk/client-dynamodb');
  const names = typeof keys === 'string' ? [keys] : keys;
  const command = new CreateTableCommand({
    TableName: table,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: names.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
    KeySchema: names.map((AttributeName, index) => ({ AttributeName, KeyType: index === 0 ? 'HASH' : 'RANGE' })),
  });
  await client.send(command).catch((error: unknown) => {
    if (!(error instanceof ResourceInUseException)) throw error;
  });
}

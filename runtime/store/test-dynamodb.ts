/// <reference path="./dynalite.d.ts" />
import type { AddressInfo } from 'node:net';
import { fail } from '../errors.ts';
import { createClient } from './client.ts';
import { listen, stop } from './embedded.ts';

/** The keys of a table: the partition key, and the sort key where it has one. All are texts. */
export type TableKeys = string | readonly [partitionKey: string, sortKey: string];

/**
 * Starts a DynamoDB for tests: in memory, on a free port of the loopback interface, with empty tables.
 *
 * @param tables - names to keys
 * @throws HARNESS_TABLE
 * @example
 * const dynamodb = await startTestDynamoDB({ revoked: 'jti' });
 */
export async function startTestDynamoDB(
  tables: Readonly<Record<string, TableKeys>>,
): Promise<{ readonly endpoint: string; close(): Promise<void> }> {
  const { default: dynalite } = await import('dynalite');
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  // dynalite throws, out of everybody's reach, where a client goes away before its answer.
  server.on('request', (request) => request.removeAllListeners('error').on('error', () => undefined));
  await listen(server, { host: '127.0.0.1', port: 0 });
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const endpoint = `http://127.0.0.1:${port}`;
  const client = await createClient({ endpoint });
  try {
    for (const [table, keys] of Object.entries(tables)) {
      await createTable(client, table, keys).catch((cause: Error) => {
        fail('HARNESS_TABLE', { table, reason: cause.message }, { cause });
      });
    }
  } catch (error) {
    await stop(server); // it would keep the process of the tests alive
    throw error;
  } finally {
    client.destroy();
  }
  return { endpoint, close: () => stop(server) };
}

/** Creates a table, and waits until it can be used. */
export async function createTable(
  client: Awaited<ReturnType<typeof createClient>>,
  table: string,
  keys: TableKeys,
): Promise<void> {
  const { CreateTableCommand, DescribeTableCommand } = await import('@aws-sdk/client-dynamodb');
  const names = typeof keys === 'string' ? [keys] : keys;
  const command = new CreateTableCommand({
    TableName: table,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: names.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
    KeySchema: names.map((AttributeName, index) => ({ AttributeName, KeyType: index === 0 ? 'HASH' : 'RANGE' })),
  });
  await client.send(command);
  for (;;) {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: table }));
    if (Table?.TableStatus === 'ACTIVE') return;
  }
}

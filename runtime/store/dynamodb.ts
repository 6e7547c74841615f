import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Answer, Operation } from './api.ts';
import type { WholeStore } from './store.ts';
import { createTableStore } from './table-store.ts';

/**
 * Makes a store of one table behind the DynamoDB API, with the keys `pk` and `sk` (both texts).
 *
 * @param client - an SDK client; it is closed with the store
 * @param table - name of the table
 * @param now - seconds since the epoch
 * @param patience - how long a call may take, in milliseconds
 */
export async function createDynamoDBStore(
  client: DynamoDBClient,
  table: string,
  now?: () => number,
  patience?: number,
): Promise<WholeStore> {
  const sdk = await import('@aws-sdk/client-dynamodb');
  // Its types know which input goes with which command, and the store gives the one that the operation has.
  const commands = {
    GetItem: sdk.GetItemCommand,
    PutItem: sdk.PutItemCommand,
    DeleteItem: sdk.DeleteItemCommand,
    Query: sdk.QueryCommand,
    Scan: sdk.ScanCommand,
  } as unknown as Record<Operation, new (input: object) => InstanceType<typeof sdk.GetItemCommand>>;
  const api = {
    ask: (operation: Operation, input: object, abortSignal: AbortSignal): Promise<Answer> =>
      client.send(new commands[operation](input), { abortSignal }),
    close: async () => client.destroy(),
  };
  return createTableStore(api, table, now, patience);
}

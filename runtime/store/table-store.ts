import { randomUUID } from 'node:crypto';
import { fail, WebtaskError } from '../errors.ts';
import type { Answer, Attributes, DynamoDBApi, Operation } from './api.ts';
import { atMost } from './at-most.ts';
import { checkKey, checkPartition } from './key.ts';
import type { Expected, Item, Key, WholeStore } from './store.ts';
import { toText } from './value.ts';

/** DynamoDB takes 400 KB an item, names and keys included. */
const MAX_VALUE_BYTES = 390 * 1024;

/** Each is answered within the patience of the client. */
const SCAN_PAGE = 200;

/** As many connections as the SDK opens; a Unix socket refuses those that come faster than it accepts. */
const MAX_REQUESTS = 50;

/** How long a call may take, with its second attempt, and how long it may wait for its turn: milliseconds. */
const PATIENCE = 6_000;
const MAX_WAIT = 20_000;

/**
 * Makes a store of one table behind the DynamoDB API, with the keys `pk` and `sk` (both texts).
 *
 * @param api - it is closed with the store
 * @param table - name of the table
 * @param now - seconds since the epoch
 * @param patience - how long a call may take, in milliseconds
 */
export function createTableStore(
  api: DynamoDBApi,
  table: string,
  now: () => number = () => Date.now() / 1000,
  patience = PATIENCE,
): WholeStore {
  const gate = atMost(MAX_REQUESTS);

  /** Sends one request; what the table refuses by condition is an answer, everything else an error of the platform. */
  async function ask(operation: Operation, input: object): Promise<Answer | 'refused'> {
    const asked = Date.now();
    const limit = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    try {
      return await gate(() => {
        if (Date.now() - asked > MAX_WAIT) fail('STORE_UNREACHABLE', { reason: 'it is asked more than it answers' });
        const tooLong = new Promise<never>((_, refuse) => {
          timer = setTimeout(() => {
            refuse(new WebtaskError('STORE_UNREACHABLE', { reason: 'it took too long' }));
            limit.abort();
          }, patience);
        });
        return Promise.race([api.ask(operation, { TableName: table, ...input }, limit.signal), tooLong]);
      });
    } catch (error) {
      if (error instanceof WebtaskError) throw error;
      const { name } = error as Partial<Error>;
      if (name === 'ConditionalCheckFailedException') return 'refused';
      if (name === 'ResourceNotFoundException') return fail('STORE_NO_TABLE', { table }, { cause: error });
      return fail('STORE_UNREACHABLE', { reason: reasonOf(error) }, { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  async function get(key: Key): Promise<Item | undefined> {
    checkKey(key);
    const answer = await ask('GetItem', { Key: toKey(key), ConsistentRead: true });
    const item = answer === 'refused' ? undefined : answer.Item;
    return item && isLive(item, now()) ? toItem(item) : undefined;
  }

  return {
    get,
    async put(key, value, { expected, expires } = {}) {
      checkKey(key);
      const text = toText(value, MAX_VALUE_BYTES);
      const version = randomUUID();
      const item: Attributes = { ...toKey(key), version: { S: version }, value: { S: text } };
      if (expires !== undefined) item.expires = { N: String(expires) };
      const answer = await ask('PutItem', { Item: item, ...condition(expected, now()) });
      if (answer !== 'refused') return { ok: true, version };
      const current = await get(key);
      // It is asked a second time where an answer was lost: then it was this write that the second met.
      return current?.version === version ? { ok: true, version } : { ok: false, current };
    },
    async remove(key, expected) {
      checkKey(key);
      const answer = await ask('DeleteItem', { Key: toKey(key), ...condition(expected, now()) });
      return answer === 'refused' ? { ok: false, current: await get(key) } : { ok: true, version: randomUUID() };
    },
    async list(partition, { after, limit }) {
      checkPartition(partition);
      const items: Item[] = [];
      let from: Attributes | undefined = after ? toKey({ partition, sort: after }) : undefined;
      // A page may come back short, or hold expired items only.
      do {
        const page = await ask('Query', {
          KeyConditionExpression: 'pk = :partition',
          ExpressionAttributeValues: { ':partition': { S: partition } },
          ConsistentRead: true,
          Limit: limit,
          ...(from && { ExclusiveStartKey: from }),
        });
        if (page === 'refused') break;
        const live = (page.Items ?? []).filter((item) => isLive(item, now()));
        items.push(...live.map(toItem));
        from = page.LastEvaluatedKey;
      } while (from && items.length < limit);
      return items.slice(0, limit);
    },
    async *scan() {
      let from: Attributes | undefined;
      do {
        const start = from && { ExclusiveStartKey: from };
        const page = await ask('Scan', { ConsistentRead: true, Limit: SCAN_PAGE, ...start });
        if (page === 'refused') return;
        for (const item of page.Items ?? []) if (isLive(item, now())) yield toItem(item);
        from = page.LastEvaluatedKey;
      } while (from);
    },
    close: () => api.close(),
  };
}

/** An expired item counts as absent, whether or not it was swept. */
function condition(expected: Expected, now: number): object {
  if (expected === undefined) return {};
  const live = '(attribute_not_exists(expires) OR expires > :now)';
  const names = { ExpressionAttributeNames: { '#version': 'version' } };
  if (expected === null) {
    return {
      ConditionExpression: 'attribute_not_exists(pk) OR expires <= :now',
      ExpressionAttributeValues: { ':now': { N: String(now) } },
    };
  }
  return {
    ...names,
    ConditionExpression: `#version = :version AND ${live}`,
    ExpressionAttributeValues: { ':version': { S: expected }, ':now': { N: String(now) } },
  };
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return 'it took too long';
  return (error.message || error.name).replace(/\.$/, '');
}

function toKey({ partition, sort }: Key): Attributes {
  return { pk: { S: partition }, sk: { S: sort } };
}

function toItem(item: Attributes): Item {
  return {
    partition: item.pk?.S ?? '',
    sort: item.sk?.S ?? '',
    version: item.version?.S ?? '',
    value: JSON.parse(item.value?.S ?? 'null'),
    ...(item.expires?.N !== undefined && { expires: Number(item.expires.N) }),
  };
}

function isLive(item: Attributes, now: number): boolean {
  return item.expires?.N === undefined || Number(item.expires.N) > now;
}

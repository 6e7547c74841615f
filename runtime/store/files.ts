import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import type { Tables } from 'dynalite/db/index.js';
import { fail } from '../errors.ts';
import { type Answer, type ErrorBody, errorOf, type Operation } from './api.ts';

/** The table of the embedded store. */
export const EMBEDDED_TABLE = 'webtask';

/** The DynamoDB API over files that this process holds. */
export interface Files {
  /** Carries out what this process asks. */
  ask(operation: Operation, input: object): Promise<Answer>;
  /** Answers the API to other processes; it does not listen yet. */
  readonly server: Server;
  /** Lets go of the files, once what is being written is written. */
  close(): Promise<void>;
}

type Engine = typeof import('./engine.ts');

/** Carries out an operation, by its name. */
type CarryOut = (operation: keyof Engine['ACTIONS'], input: unknown) => Promise<unknown>;

/** More than any request of a store: an item has 400 KB. */
const MAX_REQUEST_BYTES = 4 * 1024 * 1024;

/**
 * Opens the LevelDB files of an embedded store.
 *
 * LevelDB locks them through the operating system: one process holds them at a time, and whatever way it ends, they
 * are free from then on.
 *
 * @param folder - absolute path; made where it is missing
 * @returns `'held'` where another process, or another part of this one, holds them
 * @throws STORE_FILES_UNUSABLE
 */
export async function openFiles(folder: string): Promise<Files | 'held'> {
  const engine = await import('./engine.ts');
  const tables = engine.db.create({ path: folder, createTableMs: 0 });
  // dynalite's own leaves an iterator, and with it a snapshot of the files, open after every query.
  tables.db.createValueStream = (range) => Readable.from(tables.db.values(range));
  syncWrites(tables);
  const carryOut = carryOutIn(tables, engine);
  try {
    await tables.db.open();
    await makeTable(tables, carryOut);
  } catch (error) {
    const { cause } = error as { cause?: Error & { code?: string } }; // of LevelDB, with a code of its own
    if (cause?.code === 'LEVEL_LOCKED') return 'held';
    await tables.db.close();
    return fail('STORE_FILES_UNUSABLE', { folder, reason: (cause ?? (error as Error)).message }, { cause: error });
  }
  let isClosed = false;
  return {
    async ask(operation, input) {
      if (isClosed) throw new Error('it is closed');
      try {
        return (await carryOut(operation, input)) as Answer; // as the API says
      } catch (error) {
        throw isAnswer(error) ? errorOf(error.body) : error;
      }
    },
    server: createServer((request, response) => void answer(carryOut, request, response)),
    close() {
      isClosed = true;
      return tables.db.close();
    },
  };
}

/** Has every write be on the disk before it is acknowledged: LevelDB's own default survives a kill, and no power cut. */
function syncWrites({ db }: Tables): void {
  // dynalite hands no options on; these are where LevelDB is reached, with the options last.
  const level = db as unknown as Record<'_put' | '_del' | '_batch', (...args: unknown[]) => unknown>;
  for (const name of ['_put', '_del', '_batch'] as const) {
    const write = level[name].bind(level);
    level[name] = (...args) => {
      const options = args.pop() as object;
      return write(...args, { ...options, sync: true });
    };
  }
}

/** Makes the table where it is missing. Half made, by a process that was killed meanwhile, it is made whole. */
async function makeTable(tables: Tables, carryOut: CarryOut): Promise<void> {
  await carryOut('CreateTable', {
    TableName: EMBEDDED_TABLE,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: ['pk', 'sk'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
  }).catch((error: unknown) => {
    if (!isAnswer(error) || errorOf(error.body).name !== 'ResourceInUseException') throw error;
  });
  const table = await promisify(tables.getTable)(EMBEDDED_TABLE, false);
  await promisify(tables.tableDb.put)(EMBEDDED_TABLE, { ...table, TableStatus: 'ACTIVE' });
}

function carryOutIn(tables: Tables, { ACTIONS, validations }: Engine): CarryOut {
  return async (operation, input) => {
    const [run, validation] = ACTIONS[operation];
    const checked = validations.checkTypes(input, validation.types);
    validations.checkValidations(checked, validation.types, validation.custom, tables);
    return promisify(run)(tables, checked);
  };
}

/** What other processes may ask for, by the name that a request has in its header. */
const TARGETS = new Map<string, Operation>(
  (['GetItem', 'PutItem', 'DeleteItem', 'Query', 'Scan'] as const).map((it) => [`DynamoDB_20120810.${it}`, it]),
);

async function answer(carryOut: CarryOut, request: IncomingMessage, response: ServerResponse): Promise<void> {
  let status = 200;
  let body: unknown;
  try {
    const text = await readText(request);
    const operation = TARGETS.get(String(request.headers['x-amz-target']));
    // A question without an operation is whether anybody is there.
    body = operation ? await carryOut(operation, JSON.parse(text)) : {};
  } catch (error) {
    ({ status, body } = toReply(error));
  }
  const reply = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/x-amz-json-1.0',
    'content-length': Buffer.byteLength(reply),
  });
  response.end(reply);
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_REQUEST_BYTES) throw new Error('the request is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** The answer that an error is: dynalite's own, or that of a platform at fault. */
function toReply(error: unknown): { status: number; body: ErrorBody } {
  if (isAnswer(error)) return { status: error.statusCode, body: error.body };
  const type = 'com.amazonaws.dynamodb.v20120810#InternalServerError';
  return { status: 500, body: { __type: type, message: error instanceof Error ? error.message : String(error) } };
}

/** Whether an error is one that the API has. */
function isAnswer(error: unknown): error is { statusCode: number; body: ErrorBody } {
  const { statusCode, body } = error as { statusCode?: number; body?: unknown };
  return statusCode !== undefined && body !== undefined;
}

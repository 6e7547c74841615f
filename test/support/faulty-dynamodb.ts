import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startTestDynamoDB } from '../../runtime/store/index.ts';

/**
 * How a store answers: as it should, late, with an error of its own, that it is asked too often, that it is not allowed, that
 * there is no such table, with what is no answer, by closing the connection, or not at all.
 */
export type Fault = 'none' | 'slow' | keyof typeof REPLIES | 'garbles' | 'cuts' | 'hangs';

/** A DynamoDB that fails when it is told to. */
export interface FaultyDynamoDB {
  fault: Fault;
  /** How many calls are still answered as they should be before the fault shows. */
  spared: number;
  close(): Promise<void>;
}

const SLOW_MS = 150;

const REPLIES = {
  refuses: { status: 500, type: 'InternalServerError' },
  throttles: { status: 400, type: 'ProvisionedThroughputExceededException' },
  denies: { status: 400, type: 'AccessDeniedException' },
  misses: { status: 400, type: 'ResourceNotFoundException' },
} as const;

/**
 * Starts a DynamoDB with an empty table, and points the AWS SDK of this process to it until it is closed.
 *
 * @param table - its keys are `pk` and `sk`
 */
export async function startFaultyDynamoDB(table: string): Promise<FaultyDynamoDB> {
  const dynamodb = await startTestDynamoDB({ [table]: ['pk', 'sk'] });
  const { hostname, port } = new URL(dynamodb.endpoint);
  const state: FaultyDynamoDB = { fault: 'none', spared: 0, close };
  const server = createServer((req, res) => {
    const fault = state.fault !== 'none' && state.spared-- > 0 ? 'none' : state.fault;
    if (fault === 'cuts') return void req.socket.destroy();
    if (fault === 'hangs') return void req.resume();
    if (fault === 'garbles') return void res.end('<html>');
    if (fault !== 'none' && fault !== 'slow') {
      const { status, type } = REPLIES[fault];
      req.resume();
      res.writeHead(status, { 'Content-Type': 'application/x-amz-json-1.0' });
      return void res.end(JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}`, message: 'no' }));
    }
    const { method, url, headers } = req;
    const passed = request({ hostname, port, method, path: url, headers }, (answer) => {
      res.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(res);
    });
    passed.on('error', () => res.destroy());
    setTimeout(() => req.pipe(passed), fault === 'slow' ? SLOW_MS : 0);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const own = server.address() as AddressInfo; // it listens on TCP
  const saved = setEnvironment({
    AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${own.port}`,
    AWS_REGION: 'local',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  });

  async function close(): Promise<void> {
    setEnvironment(saved);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await dynamodb.close();
  }
  return state;
}

/** Gives what was there before. */
function setEnvironment(values: Record<string, string | undefined>): Record<string, string | undefined> {
  const saved: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(values)) {
    saved[name] = process.env[name];
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  return saved;
}

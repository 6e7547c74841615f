import { Agent } from 'node:http';
import type { Socket } from 'node:net';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { silenceNotices } from '../silence-notices.ts';

/** Region and credentials for a store that knows none, but whose client insists on them. */
export const STAND_IN = { region: 'local', accessKeyId: 'local', secretAccessKey: 'local' } as const;

/**
 * Makes a client for the DynamoDB API that gives up soon rather than keep its caller waiting.
 *
 * @param where - an endpoint URL, or what connects to an embedded store; by default AWS, as its variables say
 */
export async function createClient(
  where: { endpoint?: string; connect?: () => Promise<Socket> } = {},
): Promise<DynamoDBClient> {
  silenceNotices(process.env);
  const { DynamoDBClient } = await import('@aws-sdk/client-dynamodb');
  const { region, ...credentials } = STAND_IN;
  const isLocal = where.endpoint !== undefined || where.connect !== undefined;
  return new DynamoDBClient({
    maxAttempts: 2,
    requestHandler: {
      connectionTimeout: 2_000,
      requestTimeout: 5_000,
      throwOnRequestTimeout: true, // else it only prints a warning, and waits on
      ...(where.connect && { httpAgent: agentOf(where.connect) }),
    },
    ...(isLocal && { endpoint: where.endpoint ?? 'http://localhost', region, credentials }),
  });
}

function agentOf(connect: () => Promise<Socket>): Agent {
  type Done = (error: unknown, socket?: Socket) => void;
  return Object.assign(new Agent({ keepAlive: true }), {
    createConnection(_options: unknown, done: Done) {
      connect().then((socket) => done(null, socket), done);
    },
  });
}

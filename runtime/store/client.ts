import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { silenceNotices } from '../silence-notices.ts';

/** Region and credentials for a store that knows none, but whose client insists on them. */
export const STAND_IN = { region: 'local', accessKeyId: 'local', secretAccessKey: 'local' } as const;

/**
 * Makes a client for the DynamoDB API that gives up soon rather than keep its caller waiting.
 *
 * @param endpoint - a URL; by default AWS, as its variables say
 */
export async function createClient({ endpoint }: { endpoint?: string } = {}): Promise<DynamoDBClient> {
  silenceNotices(process.env);
  const { DynamoDBClient } = await import('@aws-sdk/client-dynamodb');
  const { region, ...credentials } = STAND_IN;
  return new DynamoDBClient({
    maxAttempts: 2,
    requestHandler: {
      connectionTimeout: 2_000,
      requestTimeout: 5_000,
      throwOnRequestTimeout: true, // else it only prints a warning, and waits on
    },
    ...(endpoint !== undefined && { endpoint, region, credentials }),
  });
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../support/free-port.ts';

/** A DynamoDB Local that runs. */
export interface DynamoDBLocal {
  /** What points the AWS SDK, and the tests, to it. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

const PATIENCE_MS = 30_000;

/**
 * Starts DynamoDB Local, in memory, and waits until it answers.
 *
 * @param folder - where its jar is
 */
export async function startDynamoDBLocal(folder: string): Promise<DynamoDBLocal> {
  const port = await freePort();
  const java = spawn(
    'java',
    ['-Djava.library.path=DynamoDBLocal_lib', '-Xmx512m', '-jar', 'DynamoDBLocal.jar', '-inMemory', '-sharedDb'].concat(
      ['-port', String(port)],
    ),
    { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  java.stderr.setEncoding('utf8').on('data', (text) => {
    said += text;
  });
  const ended = once(java, 'close');
  const endpoint = `http://127.0.0.1:${port}`;
  const giveUp = Date.now() + PATIENCE_MS;
  while (!(await answers(endpoint))) {
    if (java.exitCode !== null || Date.now() > giveUp) {
      java.kill('SIGKILL');
      throw new Error(`DynamoDB Local did not start:\n${said}`);
    }
    await delay(100);
  }
  return {
    env: {
      AWS_ENDPOINT_URL_DYNAMODB: endpoint,
      AWS_REGION: 'local',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      WEBTASK_TEST_TABLES: 'real',
    },
    async close() {
      java.kill('SIGKILL'); // it keeps nothing
      await ended;
    },
  };
}

async function answers(endpoint: string): Promise<boolean> {
  return fetch(endpoint).then(
    () => true,
    () => false,
  );
}

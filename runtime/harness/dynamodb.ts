import { type FoundSecrets, findSecrets, readDotenv, readProject } from '../project/index.ts';
import type { TableKeys } from '../store/test-dynamodb.ts';
import { explain } from './explain.ts';

/** A DynamoDB that the tests of a file use. */
export interface TestDynamoDB {
  /**
   * What the seed's webtasks call their settings: `ACCESS_KEY_ID`, `SECRET_ACCESS_KEY`, `REGION`, `TABLE` (the first
   * table) and, for the embedded one, `ENDPOINT`.
   */
  readonly secrets: Readonly<Record<string, string>>;
  /** Of the embedded one. */
  readonly endpoint: string | undefined;
  close(): Promise<void>;
}

const SETTINGS = ['ACCESS_KEY_ID', 'SECRET_ACCESS_KEY', 'REGION', 'TABLE'];

/**
 * Starts a DynamoDB with empty tables, and points the AWS SDK to it; or, with `WEBTASK_TEST_DYNAMODB=env` there or in
 * `.env`, uses the real table that the environment or `.env` names.
 *
 * @param tables - names to keys
 * @param say - receives the line that says which of the two it is
 * @throws HARNESS_TABLE; SECRET_MISSING where the real one is asked for and not described
 *
 * @example
 * const dynamodb = await openTestDynamoDB({ revoked: 'jti' });
 * const task = await webtask('webtasks/revoke_dynamodb.ts', { secrets: dynamodb.secrets });
 */
export async function openTestDynamoDB(
  tables: Readonly<Record<string, TableKeys>>,
  say: (line: string) => void = () => undefined,
): Promise<TestDynamoDB> {
  const { folder } = readProject(process.cwd());
  if ((process.env.WEBTASK_TEST_DYNAMODB ?? readDotenv(folder).WEBTASK_TEST_DYNAMODB) === 'env') {
    const { secrets, sources } = findDescription(folder);
    const source = sources.TABLE === '.env' ? '.env' : 'the environment';
    say(`DynamoDB: the real table ${secrets.TABLE} in ${secrets.REGION}, as ${source} says`);
    return { secrets, endpoint: undefined, close: async () => undefined };
  }
  const { startTestDynamoDB } = await import('../store/test-dynamodb.ts');
  const { endpoint, close } = await startTestDynamoDB(tables).catch((error: unknown) => {
    throw explain(error);
  });
  say(`DynamoDB: an embedded one at ${endpoint}, gone after these tests`);
  const standIn = { ACCESS_KEY_ID: 'local', SECRET_ACCESS_KEY: 'local-stand-in', REGION: 'local' };
  const restore = setEnvironment({
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    AWS_REGION: standIn.REGION,
    AWS_ACCESS_KEY_ID: standIn.ACCESS_KEY_ID,
    AWS_SECRET_ACCESS_KEY: standIn.SECRET_ACCESS_KEY,
  });
  return {
    secrets: { ...standIn, TABLE: Object.keys(tables)[0] ?? '', ENDPOINT: endpoint },
    endpoint,
    async close() {
      restore();
      await close();
    },
  };
}

function findDescription(folder: string): FoundSecrets {
  try {
    return findSecrets(folder, SETTINGS, process.env);
  } catch (error) {
    throw explain(error);
  }
}

/** Sets variables of the environment; what it returns puts back what was there. */
function setEnvironment(variables: Readonly<Record<string, string>>): () => void {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
}

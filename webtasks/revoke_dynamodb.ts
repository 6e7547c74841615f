/**
 * Revokes JWTs, and knows which are revoked: the revocation store of the original platform.
 *
 *   PUT /?jti={jti}&jwt={jwt}   revokes            200
 *   GET /?jti={jti}             asks               200 revoked, 404 active
 *
 * Every other status means that the question was not answered. The header `Revocation-Status` says `revoked` or
 * `active`, so that a 404 of somebody else is not read as "not revoked".
 *
 * The JWT is kept for audit and never trusted. Its expiry may serve to clean up, long after, and changes no answer.
 */
import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { WebtaskContext, WebtaskRequest, WebtaskResponse } from 'webtask-kit';

interface Secrets {
  ACCESS_KEY_ID: string;
  SECRET_ACCESS_KEY: string;
  REGION: string;
  TABLE: string;
  /** Of a DynamoDB that is not at AWS. */
  ENDPOINT?: string;
}

type Context = WebtaskContext<Secrets>;

/** DynamoDB takes partition keys of up to 2048 bytes. */
const MAX_JTI_BYTES = 2048;

/** How long a record is kept after its JWT has expired: seconds. */
const AUDIT_PERIOD = 90 * 24 * 60 * 60;

module.exports = async function revoke(context: Context, req: WebtaskRequest, res: WebtaskResponse): Promise<void> {
  if (req.method !== 'PUT' && req.method !== 'GET') return answer(res, 405, '', { Allow: 'GET, PUT' });

  for (const name of ['ACCESS_KEY_ID', 'SECRET_ACCESS_KEY', 'REGION', 'TABLE'] as const) {
    if (!isText(context.secrets[name])) return answer(res, 400, `Missing ${name}.`);
  }
  const wanted = req.method === 'PUT' ? ['jti', 'jwt'] : ['jti'];
  for (const name of wanted) {
    if (!isText(context.data[name])) return answer(res, 400, `Missing ${name}.`);
  }
  const jti = String(context.data.jti);
  if (Buffer.byteLength(jti) > MAX_JTI_BYTES) return answer(res, 400, `jti is longer than ${MAX_JTI_BYTES} bytes.`);

  try {
    if (req.method === 'PUT') {
      await put(context.secrets, jti, String(context.data.jwt));
      return answer(res, 200, '', { 'Revocation-Status': 'revoked' });
    }
    return (await isRevoked(context.secrets, jti))
      ? answer(res, 200, '', { 'Revocation-Status': 'revoked' })
      : answer(res, 404, '', { 'Revocation-Status': 'active' });
  } catch (error) {
    // The name and message of the store's error; never the token, which may still be valid elsewhere.
    console.error(JSON.stringify({ req_id: context.id, jti, error: String(error) }));
    return answer(res, 502, '');
  }
};

async function put(secrets: Secrets, jti: string, jwt: string): Promise<void> {
  const expires = cleanUpTime(jti, jwt);
  await clientFor(secrets).send(
    new PutItemCommand({
      TableName: secrets.TABLE,
      Item: {
        jti: { S: jti },
        jwt: { S: jwt },
        t: { S: new Date().toISOString() },
        ...(expires !== undefined && { expires: { N: String(expires) } }),
      },
    }),
  );
}

async function isRevoked(secrets: Secrets, jti: string): Promise<boolean> {
  const { Item } = await clientFor(secrets).send(
    new GetItemCommand({
      TableName: secrets.TABLE,
      Key: { jti: { S: jti } },
      ConsistentRead: true,
      ProjectionExpression: 'jti',
    }),
  );
  return Item !== undefined;
}

/**
 * When the table may forget the record (its TTL attribute): after the JWT expired and the audit period passed. Only
 * where the JWT names this very jti, since otherwise its expiry says nothing about the revoked token.
 */
function cleanUpTime(jti: string, jwt: string): number | undefined {
  try {
    const claims = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());
    if (claims.jti !== jti || !Number.isSafeInteger(claims.exp)) return undefined;
    // An expiry in the past would have the record swept at once.
    return Math.max(claims.exp, Math.floor(Date.now() / 1000)) + AUDIT_PERIOD;
  } catch {
    return undefined;
  }
}

/** A client for each configuration: webtasks of a container share their process, and may differ in settings. */
const clients = new Map<string, DynamoDBClient>();

function clientFor({ ACCESS_KEY_ID, SECRET_ACCESS_KEY, REGION, ENDPOINT }: Secrets): DynamoDBClient {
  const id = JSON.stringify([ACCESS_KEY_ID, SECRET_ACCESS_KEY, REGION, ENDPOINT]);
  let client = clients.get(id);
  if (client === undefined) {
    client = new DynamoDBClient({
      region: REGION,
      credentials: { accessKeyId: ACCESS_KEY_ID, secretAccessKey: SECRET_ACCESS_KEY },
      maxAttempts: 2,
      // Without the last, the SDK says that it has waited too long, and waits on.
      requestHandler: { connectionTimeout: 2000, requestTimeout: 5000, throwOnRequestTimeout: true },
      ...(ENDPOINT && { endpoint: ENDPOINT }),
    });
    clients.set(id, client);
  }
  return client;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function answer(res: WebtaskResponse, status: number, text: string, headers: Record<string, string> = {}): void {
  res.writeHead(status, { ...headers, 'Cache-Control': 'no-store' });
  res.end(text);
}

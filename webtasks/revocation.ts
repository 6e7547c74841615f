/**
 * Revokes access tokens, and tells which are active: by RFC 7009 and 7662, by subject and time, by logout token, by
 * Global Token Revocation, as status lists, and as a feed for APIs that check by themselves.
 *
 *   POST .../revoke                  token=...              RFC 7009
 *   POST .../introspect              token=...              RFC 7662, RFC 9701
 *   POST .../subjects                {"sub": "user 1"}      all that was issued until now, or until not_before
 *   GET  .../feed                                           for webtask-kit/identity in another process
 *
 * The rest, and who may call, are in docs/revocation.md. `revoke_dynamodb` is the smaller one: a table of ids.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { WebtaskContext } from 'webtask-kit';
import type { Identity } from 'webtask-kit/identity';

interface Secrets {
  /** The tenant as JSON: `{"issuer": ..., "audience": ..., "clients": ...}`. */
  TENANT: string;
  ACCESS_KEY_ID: string;
  SECRET_ACCESS_KEY: string;
  REGION: string;
  /** With the keys `pk` and `sk`, both texts. */
  TABLE: string;
  /** Of a DynamoDB that is not at AWS. */
  ENDPOINT?: string;
  /**
   * Where TENANT has `statusLists`, the public URL of this webtask, without a slash at the end: tokens name their places
   * below it. What a request says of it anybody may say.
   */
  URL?: string;
}

/** What the denylist calls the tenant: a table holds one. */
const TENANT = 'default';
const PATH =
  /\/(?:(?:revoke|introspect|subjects|global-token-revocation|backchannel-logout|feed|jwks\.json)|status-lists\/[^?]*)?$/;

export default {
  async fetch(request: Request, { secrets }: WebtaskContext<Secrets>): Promise<Response> {
    for (const name of ['TENANT', 'ACCESS_KEY_ID', 'SECRET_ACCESS_KEY', 'REGION', 'TABLE'] as const) {
      if (!secrets[name]) return new Response(`Missing ${name}.`, { status: 400 });
    }
    const path = PATH.exec(new URL(request.url).pathname)?.[0] ?? '';
    const identity = await identityOf(secrets);
    const { response, error } = await identity.answer(TENANT, request, path);
    if (error !== undefined) console.error(String(error)); // never the token
    return response;
  },
};

/** One for each configuration: webtasks of a container share their process, and may differ in settings. */
const opened = new Map<string, Promise<Identity>>();

function identityOf(secrets: Secrets): Promise<Identity> {
  const id = JSON.stringify(secrets);
  let identity = opened.get(id);
  if (identity === undefined) {
    identity = open(secrets);
    opened.set(id, identity);
    identity.catch(() => opened.delete(id)); // what was not there may be there the next time
  }
  return identity;
}

async function open(secrets: Secrets): Promise<Identity> {
  const { createDynamoDBStore, openIdentity, readTenant } = await import('webtask-kit/identity');
  const { ACCESS_KEY_ID, SECRET_ACCESS_KEY, REGION, TABLE, ENDPOINT } = secrets;
  const client = new DynamoDBClient({
    region: REGION,
    credentials: { accessKeyId: ACCESS_KEY_ID, secretAccessKey: SECRET_ACCESS_KEY },
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 2000, requestTimeout: 5000 },
    ...(ENDPOINT && { endpoint: ENDPOINT }),
  });
  const tenant = readTenant(TENANT, JSON.parse(secrets.TENANT));
  const { URL: url = '' } = secrets;
  if (tenant.statusLists && url === '') throw new Error('Missing URL: TENANT has statusLists.');
  const store = await createDynamoDBStore(client, TABLE);
  return openIdentity({ tenants: new Map([[TENANT, tenant]]), store, urlOf: () => url });
}

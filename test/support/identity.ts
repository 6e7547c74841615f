import { createHash, generateKeyPairSync } from 'node:crypto';
import { freezeDate } from '../../runtime/harness/index.ts';
import { type Identity, openIdentity, readTenants } from '../../runtime/identity/tenants/index.ts';
import { createMemoryStore, type Store } from '../../runtime/store/index.ts';
import { AUDIENCE, ISSUER, type IssuerKey, issuerKey } from './access-token.ts';
import { NOW } from './keys.ts';

/** An answer, read. */
export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Of JSON; nothing where it is none. */
  readonly json: unknown;
}

/** What a request is, beside method and path. */
export interface Asked {
  readonly form?: Record<string, string>;
  readonly json?: unknown;
  readonly headers?: Record<string, string>;
  /** The client that calls, `api` unless given; `null` for nobody. */
  readonly as?: string | null;
}

/** A tenant `acme`, whose clients have their own name as secret, and the key of its issuer. */
export interface TestTenant {
  readonly identity: Identity;
  readonly store: Store;
  readonly key: IssuerKey;
  call(method: string, path: string, asked?: Asked): Promise<Answered>;
}

export const BASE_URL = 'https://wt.example.com/api/identity';

/** What `Authorization` says for a client whose secret is its name. */
export function basic(client: string, secret = client): string {
  return `Basic ${Buffer.from(`${client}:${secret}`).toString('base64')}`;
}

/** The settings of `acme`. */
export function acmeConfig(key: IssuerKey, others: object = {}): Record<string, unknown> {
  const client = (name: string, ...scopes: string[]) => [name, { secretSha256: sha256(name), scopes }];
  return {
    issuer: ISSUER,
    audience: AUDIENCE,
    jwks: { keys: [key.jwk] },
    clients: Object.fromEntries([
      client('api', 'revoke', 'revoke-any', 'introspect', 'feed'),
      client('shop', 'revoke'),
      client('reader', 'introspect'),
    ]),
    logoutAudience: 'rp',
    signingKey: SIGNING_KEY,
    statusLists: 2,
    ...others,
  };
}

export const SIGNING_KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
  format: 'pem',
  type: 'pkcs8',
}) as string; // PEM is text

/** Opens `acme` for each test, at {@link NOW}. */
export function useTenant(others: object = {}): TestTenant {
  let it: { identity: Identity; store: Store } | undefined;
  const key = issuerKey('k1');
  const opened = () => {
    if (!it) throw new Error('the tenant was not opened');
    return it;
  };
  beforeEach(async () => {
    freezeDate(NOW * 1000);
    const store = createMemoryStore(() => NOW);
    const tenants = readTenants({ tenants: { acme: acmeConfig(key, others) } });
    it = { store, identity: await openIdentity({ tenants, store, urlOf: (name) => `${BASE_URL}/${name}` }) };
    await it.identity.revocation.ready();
  });
  afterEach(() => it?.identity.close());
  return {
    key,
    get identity() {
      return opened().identity;
    },
    get store() {
      return opened().store;
    },
    async call(method, path, asked = {}) {
      const request = new Request(`${BASE_URL}/acme${path}`, { method, ...requestOf(asked) });
      const { response } = await opened().identity.answer('acme', request, path.replace(/\?.*/s, ''));
      return read(response);
    },
  };
}

/** Headers and body of a request. */
export function requestOf({ form, json, headers = {}, as = 'api' }: Asked): { headers: Headers; body?: string } {
  const all = new Headers({ ...(as !== null && { Authorization: basic(as) }), ...headers });
  const said = new Headers(all);
  const withType = (type: string, body: string) => {
    if (!said.has('Content-Type')) said.set('Content-Type', type);
    return { headers: said, body };
  };
  if (form) return withType('application/x-www-form-urlencoded', new URLSearchParams(form).toString());
  if (json !== undefined) return withType('application/json', typeof json === 'string' ? json : JSON.stringify(json));
  return { headers: said };
}

export async function read(response: Response): Promise<Answered> {
  const text = await response.text();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  return { status: response.status, headers: response.headers, text, json };
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

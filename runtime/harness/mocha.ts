/**
 * What mocha needs for webtasks. In `.mocharc.json`:
 *
 * ```json
 * { "node-option": ["import=webtask-kit/mocha"], "require": ["webtask-kit/mocha"] }
 * ```
 *
 * Imported, it lets tests and webtasks be TypeScript without a build step. Required, it adds the assertions, shows
 * what webtasks printed under failed tests, and fails the test whose webtask never answered or called back twice.
 *
 * @module
 */
import '../compile/register.js';
import { use } from 'chai';
import type { Test } from 'mocha';
import type { TableKeys } from '../store/test-dynamodb.ts';
import { webtaskAssertions } from './assertions.ts';
import { releaseDate } from './clock.ts';
import { beginTest, takeLines } from './current-test.ts';
import { openTestDynamoDB, type TestDynamoDB } from './dynamodb.ts';
import { failOnProblem } from './webtask.ts';

use(webtaskAssertions);

/** mocha's root hooks. */
export const mochaHooks = {
  beforeEach(this: Mocha.Context): void {
    const test = this.currentTest;
    if (!test) return;
    beginTest(test.timeout());
    checkAfterwards(test);
  },
  afterEach(this: Mocha.Context): void {
    releaseDate();
    const lines = takeLines();
    if (this.currentTest?.state !== 'failed') return;
    for (const line of lines) console.error(`      ${line}`);
  },
};

const CHECKED = Symbol('checked');

/**
 * Makes a test look, after its own code, for what its webtasks did wrong.
 *
 * A root hook could look too, but mocha runs no further test after a root hook that fails.
 */
function checkAfterwards(test: Test & { [CHECKED]?: true }): void {
  const run = test.fn;
  if (!run || test[CHECKED]) return; // marked, since a retried test comes by again
  test[CHECKED] = true;
  if (run.length > 0) {
    const withCallback = run as (this: Mocha.Context, done: Mocha.Done) => void; // it takes one parameter
    test.fn = function (this: Mocha.Context, done: Mocha.Done) {
      withCallback.call(this, (error) => (error ? done(error) : void check().then(() => done(), done)));
    };
  } else {
    test.fn = async function (this: Mocha.Context) {
      await (run as Mocha.AsyncFunc).call(this); // awaiting what is no promise does no harm
      await check();
    };
  }
}

/** One turn later, since a webtask may call back again right after its answer. */
async function check(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  failOnProblem();
}

/**
 * Gives the tests of a `describe` an embedded DynamoDB with empty tables; or, with `WEBTASK_TEST_DYNAMODB=env`, the
 * real table of `.env`. Says in one line which.
 *
 * @param tables - names to keys: `'jti'` for a partition key, `['pk', 'sk']` with a sort key
 * @returns what is filled in before the first test
 *
 * @example
 * describe('revocation', () => {
 *   const dynamodb = useDynamoDB({ revoked: 'jti' });
 *   it('revokes', async () => {
 *     const task = await webtask('webtasks/revoke_dynamodb.ts', { secrets: dynamodb.secrets });
 *   });
 * });
 */
export function useDynamoDB(tables: Readonly<Record<string, TableKeys>>): Pick<TestDynamoDB, 'secrets' | 'endpoint'> {
  const holder: { -readonly [Name in 'secrets' | 'endpoint']: TestDynamoDB[Name] } = {
    secrets: {},
    endpoint: undefined,
  };
  let opened: TestDynamoDB | undefined;
  before(async () => {
    opened = await openTestDynamoDB(tables, (line) => console.log(`    ${line}`));
    Object.assign(holder, { secrets: opened.secrets, endpoint: opened.endpoint });
  });
  after(() => opened?.close());
  return holder;
}

/**
 * What mocha needs for webtasks. In `.mocharc.json`:
 *
 * ```json
 * { "require": ["webtask-kit/mocha"] }
 * ```
 *
 * It lets tests and webtasks be TypeScript without a build step, also by `node --import webtask-kit/mocha`. Required by
 * mocha, it adds the assertions, shows what webtasks printed under failed tests, and fails the test whose webtask never
 * answered or called back twice.
 *
 * @module
 */
import '../compile/register.js';
import { use } from 'chai';
import type { Test } from 'mocha';
import { fail } from '../errors.ts';
import { silenceNotices } from '../silence-notices.ts';
import type { TableKeys } from '../store/test-dynamodb.ts';
import { webtaskAssertions } from './assertions.ts';
import { releaseDate } from './clock.ts';
import { beginTest, currentTest, type TestRecord, takeProblems } from './current-test.ts';
import { openTestDynamoDB, type TestDynamoDB } from './dynamodb.ts';
import { failOnProblem } from './webtask.ts';

use(webtaskAssertions);
silenceNotices(process.env);

/** mocha's root hooks. */
export const mochaHooks = {
  beforeEach(this: Mocha.Context): void {
    const test = this.currentTest;
    if (!test) return;
    beginTest(test.fullTitle(), () => test.timeout());
    checkAfterwards(test);
  },
  afterEach(this: Mocha.Context): void {
    releaseDate();
    const test = currentTest();
    const { timeoutMs } = test;
    beginTest(undefined, timeoutMs); // the hooks between two tests
    if (this.currentTest?.isPassed() || this.currentTest?.isPending()) return;
    // What the test's own failure left unsaid.
    const wrong = takeProblems(test).map(({ message }) => message);
    for (const line of [...test.lines, ...wrong]) console.error(`      ${line}`);
  },
  /** A webtask may go wrong after its test has passed. Its test, and no other, is named for it. */
  async afterAll(): Promise<void> {
    await nextTurn();
    const problem = lateProblems();
    if (problem !== '') fail('HARNESS_PROBLEM', { problem });
  },
};

// It may also go wrong when mocha has said its last word.
process.once('beforeExit', () => {
  const problem = lateProblems();
  if (problem === '') return;
  console.error(problem);
  process.once('exit', () => {
    process.exitCode = 1; // after mocha, which sets it too
  });
});

function lateProblems(): string {
  const lines = takeProblems().map(({ test, message }) => `After "${test.title ?? 'a hook'}" was over: ${message}`);
  return lines.join('\n');
}

const checked = new WeakSet<object>();

/**
 * Makes a test look, after its own code, for what its webtasks did wrong.
 *
 * A root hook could look too, but mocha runs no further test after a root hook that fails.
 */
function checkAfterwards(test: Test): void {
  const run = test.fn;
  if (!run || checked.has(run)) return; // a retried test comes by again, with the same function
  if (run.length > 0) {
    const withCallback = run as (this: Mocha.Context, done: Mocha.Done) => void; // it takes one parameter
    test.fn = function (this: Mocha.Context, done: Mocha.Done) {
      const record = startCode();
      // What it returns is for mocha, which refuses a promise beside the callback.
      return withCallback.call(this, (error) =>
        error ? done(error) : void checkSoon(record).then(() => done(), done),
      );
    };
  } else {
    test.fn = async function (this: Mocha.Context) {
      const record = startCode();
      await (run as Mocha.AsyncFunc).call(this); // awaiting what is no promise does no harm
      await checkSoon(record);
    };
  }
  checked.add(test.fn);
}

/** From here on runs the time limit of the test, of which webtasks get what is left. */
function startCode(): TestRecord {
  return Object.assign(currentTest(), { startedAt: performance.now() });
}

/** One turn later, since a webtask may call back again right after its answer. */
async function checkSoon(record: TestRecord): Promise<void> {
  await nextTurn();
  failOnProblem(record);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
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

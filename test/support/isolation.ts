import type { ServerOptions } from '../../runtime/server/index.ts';

/** What webtasks run in, in the tests that start a server: `WEBTASK_TEST_ISOLATION`, `inline` by default. */
export function testIsolation(): NonNullable<ServerOptions['isolation']> {
  const name = process.env.WEBTASK_TEST_ISOLATION ?? 'inline';
  if (name === 'inline' || name === 'process') return name;
  throw new Error(`WEBTASK_TEST_ISOLATION is ${name}: it can be inline or process`);
}

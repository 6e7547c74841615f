process.env.WEBTASK_TEST_RUNS ??= '2000';
await import('../../runtime/server/any-input.test.ts');

process.env.WEBTASK_TEST_RUNS ??= '500';
await import('../../runtime/server/api/any-input.test.ts');

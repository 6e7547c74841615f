process.env.WEBTASK_TEST_RUNS ??= '500';
await import('../../runtime/server/any-input.test.ts');

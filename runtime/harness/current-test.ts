import type { RunProblem } from '../invoke/index.ts';

/** A test, and what its webtasks printed. What runs outside of tests has a record too. */
export interface TestRecord {
  readonly title: string | undefined;
  /** The time limit of the test, which it may set itself while it runs; 0 for none. */
  readonly timeoutMs: () => number;
  /** `performance.now()` when the test's own code began. */
  startedAt?: number;
  readonly lines: string[];
}

const DEFAULT_LIMIT_MS = 30_000;

let current: TestRecord = { title: undefined, timeoutMs: () => Number.POSITIVE_INFINITY, lines: [] };

/** Problems stay with the test that sent the request, also where it ended before they showed. */
let problems: { readonly test: TestRecord; readonly message: string }[] = [];

/** Begins a test; a webtask that is called from now on is called for it. */
export function beginTest(title: string | undefined, timeoutMs: () => number): void {
  current = { title, timeoutMs, lines: [] };
}

/** The test that runs, or what runs outside of tests. */
export function currentTest(): TestRecord {
  return current;
}

/**
 * Milliseconds until a webtask that has not answered is cut off: a little before the test's own limit, so that the
 * failure names the webtask. 0 for never.
 */
export function limitOf({ timeoutMs, startedAt }: TestRecord): number {
  const timeout = timeoutMs();
  if (timeout === 0) return 0;
  const left = startedAt === undefined ? timeout : startedAt + timeout - performance.now();
  return Math.min(DEFAULT_LIMIT_MS, Math.max(1, Math.round(left * 0.9)));
}

/** Notes what a webtask did wrong, in text without secrets. */
export function noteProblem(test: TestRecord, { kind, message }: RunProblem): void {
  if (kind === 'read-missing') test.lines.push(message);
  else problems.push({ test, message });
}

/** The problems that nobody was told of yet: those of one test, or all. */
export function takeProblems(test?: TestRecord): typeof problems {
  const taken = problems.filter((it) => test === undefined || it.test === test);
  problems = problems.filter((it) => !taken.includes(it));
  return taken;
}

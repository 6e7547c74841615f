import { maskSecrets } from '../context/mask.ts';
import type { RunProblem } from '../invoke/index.ts';

/** What the webtasks of the running test printed and did wrong; the mocha hooks begin and end it. */
interface CurrentTest {
  /** Milliseconds until a webtask that has not answered is cut off. */
  limitMs: number;
  readonly lines: string[];
  readonly problems: RunProblem[];
}

const DEFAULT_LIMIT_MS = 30_000;

let current: CurrentTest = { limitMs: DEFAULT_LIMIT_MS, lines: [], problems: [] };

/**
 * Begins a test: what was noted of the one before is forgotten.
 *
 * @param timeoutMs - the test's own time limit, 0 for none. Webtasks get a little less, so that the failure names them.
 */
export function beginTest(timeoutMs: number): void {
  const limitMs = timeoutMs > 0 ? Math.min(DEFAULT_LIMIT_MS, timeoutMs * 0.9) : DEFAULT_LIMIT_MS;
  current = { limitMs, lines: [], problems: [] };
}

export function currentLimitMs(): number {
  return current.limitMs;
}

/** Notes a printed line, to be shown if the test fails. */
export function noteLine(name: string, line: string, secrets: Readonly<Record<string, string>>): void {
  current.lines.push(`${name} | ${maskSecrets(secrets)(line)}`);
}

export function noteProblem(problem: RunProblem): void {
  if (problem.kind === 'read-missing') current.lines.push(problem.message);
  else current.problems.push(problem);
}

/** The problems that no request has reported yet. */
export function takeProblems(): RunProblem[] {
  return current.problems.splice(0);
}

export function takeLines(): string[] {
  return current.lines.splice(0);
}

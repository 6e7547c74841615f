/** What a webtask consists of where it is moved. */
export const PARTS = ['code', 'secrets', 'storage', 'cron'] as const;

/** A part of a webtask. */
export type Part = (typeof PARTS)[number];

/**
 * What became of a part: there is `none`; it was `written` (into a folder), `created`, `replaced`, or found
 * `unchanged`; the other side has another one, which was left as it is (`differs`); it was `left out`, because it was not
 * asked for; it `failed`.
 */
export type Outcome = 'none' | 'written' | 'created' | 'replaced' | 'unchanged' | 'differs' | 'left out' | 'failed';

/** What became of a webtask. */
export interface Row extends Readonly<Record<Part, Outcome>> {
  readonly name: string;
  /** Why something differs, was left out or failed. */
  readonly reasons: readonly string[];
}

/** What became of the webtasks of a container. */
export interface TransferReport {
  readonly container: string;
  readonly from: string;
  readonly to: string;
  readonly webtasks: readonly Row[];
}

/** Whether all of it came over, but for what was not asked for. */
export function isComplete({ webtasks }: TransferReport): boolean {
  return webtasks.every((row) => PARTS.every((part) => !['differs', 'failed'].includes(row[part])));
}

/** Who has to act on an error. It decides exit code, log level and whether a stack is shown. */
export type Fault = 'caller' | 'webtask' | 'platform';

/** One error. */
export interface ErrorEntry {
  /** The HTTP status the error becomes. */
  readonly status: number;
  readonly fault: Fault;
  /** What happened to what, and why. `{name}` is filled from the error's fields. */
  readonly text: string;
  /** What to do about it. `{name}` is filled as in `text`. */
  readonly fix?: string;
}

/** Where a job is: it has the name of the webtask that it runs. */
export interface Place {
  readonly container: string;
  readonly name: string;
}

export type JobState = 'active' | 'inactive';

/** What became of one run of a job. Times are in ISO 8601. */
export interface JobResult {
  readonly scheduled_at: string;
  readonly started_at: string;
  readonly completed_at: string;
  /** `success` for a whole answer of 2xx; `interrupted` where the server that ran it never said how it ended. */
  readonly type: 'success' | 'error' | 'interrupted';
  /** Absent where there was no answer. */
  readonly statusCode?: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** The beginning of the answer, secrets masked. */
  readonly body: string;
}

/** A cron job as it is kept. Times are in ISO 8601. */
export interface Job extends Place {
  readonly state: JobState;
  /** Five fields, or a name such as `@daily`. */
  readonly schedule: string;
  /** IANA name of the time zone that the schedule is in. */
  readonly tz: string;
  readonly meta: Readonly<Record<string, string>>;
  /** Whether a run that was interrupted is run again. */
  readonly repeat_interrupted: boolean;
  readonly created_at: string;
  /** The last result; the others are the history. */
  readonly results: readonly JobResult[];
  /** Runs that succeeded. */
  readonly run_count: number;
  /** Runs that failed or were interrupted. */
  readonly error_count: number;
  readonly next_available_at: string | null;
  readonly last_scheduled_at: string | null;
}

/** What is asked for of a job. What is absent stays as it is. */
export interface JobChange {
  readonly schedule: string;
  readonly state?: JobState | undefined;
  readonly tz?: string | undefined;
  readonly meta?: Readonly<Record<string, string>> | undefined;
  readonly repeat_interrupted?: boolean | undefined;
}

/** Adds a result to a job. @see protocol reference 1.5 */
export function withResult<J extends Job>(job: J, result: JobResult): J {
  const counts = result.type === 'success' ? { run_count: job.run_count + 1 } : { error_count: job.error_count + 1 };
  return { ...job, ...counts, results: [result] };
}

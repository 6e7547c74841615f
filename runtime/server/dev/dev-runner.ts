import type { RunReply, RunRequest, RunSettings } from '../../invoke/index.ts';
import type { WebtaskSettings } from '../../project/index.ts';
import type { Documents } from '../../store/index.ts';
import type { Isolation, Limits } from '../../worker/index.ts';

/** A webtask as it is on disk. */
export interface DevWebtask extends Pick<RunSettings, 'onProblem'> {
  readonly name: string;
  /** Absolute path. */
  readonly file: string;
  readonly code: string;
  readonly settings: WebtaskSettings;
  /** Says a line that it printed, secrets masked. */
  readonly onLine: (line: string) => void;
}

/** Runs a webtask once. */
export type RunOnce = (request: RunRequest) => Promise<RunReply>;

/** Runs webtasks of a project, in this process or in one of their own. */
export interface DevRunner {
  /**
   * Makes a webtask ready.
   *
   * @throws what compiling throws, here or when it runs
   */
  load(webtask: DevWebtask): Promise<RunOnce>;
  /** Has what was made ready before forgotten: files have changed. What runs may run to its end for a while. */
  reload(): void;
  close(): Promise<void>;
}

/** What runners work with. */
export interface DevRunnerParts {
  readonly isolation: Isolation;
  /** Absolute path of the project. */
  readonly folder: string;
  /** Folders elsewhere with files that are served. */
  readonly otherFolders: readonly string[];
  readonly limits: Limits;
  /** Milliseconds until a webtask without an answer is cut off. */
  readonly limitMs: number;
  /** Port at which a debugger can be attached, 0 for any free one. As long as one is, nothing is limited in time. */
  readonly inspectPort?: number | undefined;
  /** What `context.storage` is kept in. */
  readonly documents: Documents;
  /** Receives what is printed past the webtasks' own streams. */
  readonly onOutput: (text: string) => void;
}

/** The container of webtasks that have no server. */
export const CONTAINER = 'webtask-local';

/** Makes what runs webtasks. Only what is asked for is loaded. */
export async function openDevRunner(parts: DevRunnerParts): Promise<DevRunner> {
  if (parts.isolation === 'inline') return (await import('./inline-dev-runner.ts')).openInlineDevRunner(parts);
  return (await import('./worker-dev-runner.ts')).openWorkerDevRunner({ ...parts, isolation: parts.isolation });
}

/** What a webtask is run with that a project holds. */
export function settingsOf(
  { name, settings, onProblem }: DevWebtask,
  { limitMs, limits, inspectPort }: DevRunnerParts,
): Omit<RunSettings, 'storage'> {
  return {
    ...settings,
    container: CONTAINER,
    name,
    urlFormat: 3,
    limitMs: inspectPort === undefined ? limitMs : 0, // otherwise who knows of debuggers sees to it
    maxBodyBytes: limits.bodyBytes,
    onProblem,
    hints: true,
  };
}

import type { RunReply, RunRequest, RunSettings, RunUsage } from '../../invoke/index.ts';
import type { VersionRequest, Versions } from './versions.ts';

/** What is to be run, with what, and who is told what happens. */
export interface RunOrder {
  readonly version: VersionRequest;
  readonly request: RunRequest;
  readonly settings: RunSettings;
  /** Leaves those alone that only call back. */
  readonly onlyIfItWritesHeaders: boolean;
  /** Is told when it was not compiled before. */
  readonly onCompile: () => void;
  /** Is told what it has used, before its answer ends, where somebody wants to know. */
  readonly onUsage: ((usage: RunUsage) => void) | undefined;
  /** Is told when it is ready to be run; whether it still should be. */
  readonly onReady: () => boolean;
}

/** Runs webtasks, in this process or in others. */
export interface Runner extends Pick<Versions<unknown>, 'prepare' | 'forget'> {
  /**
   * Runs one for one request.
   *
   * @returns the answer; none where the caller has left meanwhile, or it was not to be run
   * @throws what compiling and running throw
   */
  run(order: RunOrder): Promise<RunReply | undefined>;
  /** Ends what it runs them in. */
  close(): Promise<void>;
}

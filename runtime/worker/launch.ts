/** How the process of a worker is started. */
export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What it finds to read at descriptors 4 and following. */
  readonly inputs?: readonly (Buffer | string)[] | undefined;
}

/**
 * A worker as a process of its own, with no more around it: mistakes of a webtask stay in it, attacks do not.
 *
 * @param program - absolute path of the one file that a worker runs
 */
export function launchProcess(program: string): Launch {
  return { command: process.execPath, args: [program], env: {} };
}

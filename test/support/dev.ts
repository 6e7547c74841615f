import { chmodSync } from 'node:fs';
import { expect } from 'chai';
import { createProject, type TestProject } from './project.ts';
import { type RunningProgram, startRunning } from './running.ts';
import { ask } from './server.ts';

/** `webtask dev` as it runs. */
export interface RunningDev {
  readonly project: TestProject;
  readonly program: RunningProgram;
  readonly url: string;
}

/** `webtask dev` for the tests of one describe. */
export interface DevOfTests extends RunningDev {
  /** Starts it in a project of these files, and waits until it watches them. */
  start(files: TestFiles, args?: readonly string[], env?: Readonly<Record<string, string>>): Promise<void>;
  /** Starts it where it is to refuse, and waits for nothing. */
  begin(files: TestFiles, args: readonly string[], env?: Readonly<Record<string, string>>): void;
  /** Asks one of its webtasks. */
  get(path: string): ReturnType<typeof ask>;
}

type TestFiles = Readonly<Record<string, string>>;

/** Ends after each test what that has started, and removes its project. */
export function useDev(): DevOfTests {
  let running: RunningDev | undefined;
  const its = (): RunningDev => running ?? expect.fail('webtask dev was not started');
  afterEach(async () => {
    await running?.program.kill();
    running?.project.remove();
    running = undefined;
  });
  return {
    async start(files, args, env) {
      running = await startDev(files, args, env);
    },
    begin(files, args, env = {}) {
      const project = createProject(files);
      running = { project, program: startRunning('webtask', ['dev', ...args], { cwd: project.folder, env }), url: '' };
    },
    get: (path) => ask(its().url + path),
    get project() {
      return its().project;
    },
    get program() {
      return its().program;
    },
    get url() {
      return its().url;
    },
  };
}

/** Starts it in a project of these files, and waits until it watches them. */
export async function startDev(
  files: Readonly<Record<string, string>>,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<RunningDev> {
  const project = createProject(files);
  chmodSync(project.folder, 0o755); // who is shut in is another user
  const program = startRunning('webtask', ['dev', '--port', '0', ...args], { cwd: project.folder, env });
  await program.until(/watching for changes/);
  const [, url = ''] = await program.until(/^(http:\/\/127\.0\.0\.1:\d+)\//m);
  return { project, program, url };
}

/** Waits until it has noticed a change of a file, as many times. */
export function untilNoticed(program: RunningProgram, file: string, times = 1): Promise<unknown> {
  return program.until(new RegExp(`(?:^reloaded after a change of ${file}$[^]*){${times}}`, 'm'));
}

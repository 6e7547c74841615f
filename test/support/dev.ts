import { chmodSync } from 'node:fs';
import { createProject, type TestProject } from './project.ts';
import { type RunningProgram, startRunning } from './running.ts';

/** `webtask dev` as it runs. */
export interface RunningDev {
  readonly project: TestProject;
  readonly program: RunningProgram;
  readonly url: string;
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

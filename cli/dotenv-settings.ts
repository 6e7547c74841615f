import { readDotenv } from '../runtime/project/index.ts';
import { SETTINGS } from './options.ts';
import type { Setting } from './setting.ts';

/** The second block of an `.env.example`: each setting that has a variable, as a comment. */
export function settingsAsDotenv(): string {
  const settings: readonly Setting[] = Object.values(SETTINGS);
  const lines = settings.flatMap(({ env, help, default: value }) =>
    env === undefined ? [] : [`# ${help}`, `# ${env}=${value ?? ''}`],
  );
  return ['# Settings of the kit, all optional. They never reach a webtask.', ...lines].join('\n');
}

/** Takes the kit's own settings from `.env` into the environment, where that does not say otherwise. */
export function loadDotenvSettings(folder: string, env: NodeJS.ProcessEnv): void {
  for (const [name, value] of Object.entries(readDotenv(folder))) {
    if (name.startsWith('WEBTASK_')) env[name] ??= value;
  }
}

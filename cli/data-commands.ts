import type { Command } from 'commander';
import { addSettings, SETTINGS } from './options.ts';

/** Adds the commands that copy and move what a server keeps. What they need is loaded when they run. */
export function addDataCommands(program: Command): void {
  addSettings(
    program
      .command('backup')
      .description('copy the store into one file, while servers work with it')
      .argument('<file>', 'new file, gzipped')
      .option('--with-keys', 'add the key file: who has the backup can then sign tokens and open secrets')
      .option('--json', 'as JSON'),
    SETTINGS.data,
  ).action(async (file, options) => (await import('./backup.ts')).backup(file, options));
  addSettings(
    program
      .command('restore')
      .description('write a backup into an empty store')
      .argument('<file>', 'what webtask backup wrote')
      .option('--json', 'as JSON'),
    SETTINGS.data,
  ).action(async (file, options) => (await import('./backup.ts')).restore(file, options));
}

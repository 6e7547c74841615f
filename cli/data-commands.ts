import type { Command } from 'commander';
import { SETTINGS } from './options.ts';
import { addSettings } from './setting.ts';

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
  addSettings(
    program
      .command('export')
      .description('write the webtasks of a container into a folder: code, metadata, storage, cron jobs')
      .argument('<folder>', 'new or empty, or that of an earlier export')
      .option('--secrets', 'take secrets along, sealed')
      .option('--recipient <certificate>', 'PEM, or a file of it, that they are sealed to; by default that of --data')
      .option('--json', 'as JSON'),
    { ...SETTINGS.container, help: 'container that is exported' },
    { ...SETTINGS.server, help: 'server that has it' },
    SETTINGS.token,
    SETTINGS.data,
  )
    .addHelpText('after', INCOMPLETE)
    .action(async (folder, options) => (await import('./transfer.ts')).exportTo(folder, options));
  addSettings(
    program
      .command('import')
      .description('bring webtasks to a server: from an export, or from what a profile of wt-cli can still reach')
      .argument('[folder]', 'what webtask export wrote')
      .option('--profile <name>', 'profile of ~/.webtask, in place of a folder; secrets come along')
      .option('--container <name>', 'container that they go to; by default the one that they come from')
      .option('--replace', 'overwrite what is there and differs')
      .option('--json', 'as JSON'),
    { ...SETTINGS.server, help: 'server that they go to' },
    { ...SETTINGS.token, help: "token that may issue in the container, or the server's master key" },
    { ...SETTINGS.data, help: 'folder of the keys that open sealed secrets' },
  )
    .addHelpText('after', INCOMPLETE)
    .action(async (folder, options) => (await import('./transfer.ts')).importFrom(folder, options));
}

const INCOMPLETE = '\nExit codes: 0 all of it came over, 3 something did not, which the table says; 1 and 2 as ever.';

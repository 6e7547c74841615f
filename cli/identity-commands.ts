import { type Command, InvalidArgumentError } from 'commander';
import { SETTINGS } from './options.ts';
import { addSettings } from './setting.ts';

/** Adds the commands that revoke access tokens, and ask about them. */
export function addIdentityCommands(program: Command): void {
  const identity = program
    .command('identity')
    .description('revoke access tokens, or say whether one is active')
    .helpCommand(false);
  addSettings(
    identity
      .command('revoke')
      .description('revoke one token, or all of a user, a session, a client or a grant')
      .option('--jti <id>', 'one token')
      .option('--sub <user>', 'all that were issued to a user until now')
      .option('--sid <session>', 'all of a session')
      .option('--client <id>', 'all that were issued to a client until now')
      .option('--grant <id>', 'all of a grant')
      .option('--not-before <seconds>', 'until when, with --sub and --client: seconds since the epoch', parseSeconds)
      .option('--reason <text>', 'kept with it')
      .option('--tenant <name>', 'whose tokens; by default those of the only one')
      .option('--json', 'as JSON'),
    SETTINGS.identity,
    SETTINGS.data,
  ).action(async (options) => (await import('./identity.ts')).revoke(options));
  addSettings(
    identity
      .command('introspect')
      .description('say whether an access token is genuine and active, and what it claims')
      .argument('<token>')
      .option('--tenant <name>', 'whose token; by default one of the only tenant')
      .option('--json', 'as JSON'),
    SETTINGS.identity,
    SETTINGS.data,
  )
    .addHelpText('after', '\nExit codes: 0 active, 3 revoked or not known, 2 no genuine token, 1 the platform failed.')
    .action(async (token, options) => (await import('./identity.ts')).introspect(token, options));
}

function parseSeconds(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It is no number of seconds.');
  return Number(text);
}

import type { Command } from 'commander';
import { SETTINGS } from './options.ts';
import { addSettings } from './setting.ts';

/** Adds the commands that list, change and hand out keys. What they need is loaded when they run. */
export function addKeyCommands(program: Command): void {
  const keys = program.command('keys').description('list, change and hand out the keys of a server').helpCommand(false);
  addSettings(
    keys.command('list').description('list the keys, without their secrets').option('--json', 'as JSON'),
    SETTINGS.data,
  ).action(async (options) => (await import('./keys.ts')).list(options));
  addSettings(
    keys.command('rotate').description('make new keys, which sign and seal; the others still verify and open'),
    SETTINGS.data,
  ).action(async (options) => (await import('./keys.ts')).rotate(options));
  addSettings(
    keys
      .command('renew')
      .description('sign and seal the tokens of stored webtasks with the current keys; servers may run')
      .option('--json', 'as JSON'),
    SETTINGS.data,
  ).action(async (options) => (await import('./keys.ts')).renew(options));
  addSettings(
    keys
      .command('remove')
      .description('remove a key that was replaced; what it signed and sealed is refused from then on')
      .argument('<kid>', 'as webtask keys list has it'),
    SETTINGS.data,
  ).action(async (kid, options) => (await import('./keys.ts')).remove(kid, options));
  addSettings(
    keys
      .command('certificate')
      .description('print the certificate that secrets are sealed to, for wt-build --recipient')
      .option('--out <file>', 'write it to a new file'),
    SETTINGS.data,
  ).action(async (options) => (await import('./keys.ts')).certificate(options));
  addSettings(
    keys
      .command('export')
      .description('write the certificate and its private key to a new file, under a passphrase')
      .requiredOption('--pkcs12 <file>', 'PKCS#12, as openssl and other programs read it'),
    SETTINGS.data,
  ).action(async (options) => (await import('./keys.ts')).exportPkcs12(options));
}

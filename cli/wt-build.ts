#!/usr/bin/env node
import { Option } from 'commander';
import { SETTINGS } from './options.ts';
import { TOKEN_FORMATS } from './print-tokens.ts';
import { createProgram, runProgram } from './program.ts';
import { addSettings } from './setting.ts';

const program = createProgram('wt-build', 'Mint a token for each webtask: its URL at a commit, its hash, its secrets.');

const { env } = SETTINGS.container;

addSettings(
  program.argument('[files...]', 'webtasks; by default those of webtasks/'),
  {
    flag: '--ten, --container <name>',
    env,
    help: 'container that the token is good for; by default that of --token, or default',
  },
  SETTINGS.data,
  SETTINGS.server,
  SETTINGS.cluster,
  SETTINGS.clusterToken,
  SETTINGS.certificate,
)
  .option('--name <name>', 'name of the one webtask, in place of that of its file; gives it storage of its own')
  .addOption(
    new Option('--named', 'each webtask by the name of its file; on a cluster its URL then stays').conflicts('name'),
  )
  .option(
    '--expires <duration>',
    'such as 30d, 12h, 90m; by default 30d, and never for what a cluster keeps under a name',
  )
  .option('--out <file>', 'file that the tokens go to; by default tokens.json in the folder of --data')
  .addOption(
    new Option('--format <format>', 'what is printed; json, env and urls hold every token')
      .choices(Object.keys(TOKEN_FORMATS))
      .default('table'),
  )
  .option('--json', 'as --format json')
  .option('--repo <repository>', 'OWNER/REPO or URL of the repository; by default as GitHub Actions or the remote says')
  .option('--ref <ref>', 'commit, branch or tag; by default the commit that is checked out. Only a commit is pinned')
  .addOption(new Option('--url <url>', 'URL of the code of the one webtask').conflicts(['repo', 'ref']))
  .addOption(
    new Option('--bundle', 'upload each webtask with the files beside it as one text; packages stay outside').conflicts(
      ['url', 'repo', 'ref', 'allowDirty'],
    ),
  )
  .option('--allow-dirty', 'mint for the working copy where it differs from the commit')
  .option('--offline', 'do not ask whether the URLs answer with the code')
  .addHelpText(
    'after',
    `
Tokens are credentials: whoever has one can call the webtask. Secrets in them are sealed.
Exit codes: 0 done, 1 the platform failed, 2 wrong use, 3 refused because of the webtask.`,
  )
  // What the build needs is loaded when it runs.
  .action(async (files, options) => (await import('./build.ts')).build(files, options));

await runProgram(program);

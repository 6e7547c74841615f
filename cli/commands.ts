import { InvalidArgumentError, Option } from 'commander';
import { addDataCommands } from './data-commands.ts';
import { addIdentityCommands } from './identity-commands.ts';
import { addKeyCommands } from './key-commands.ts';
import { SETTINGS } from './options.ts';
import { createProgram, runProgram } from './program.ts';
import { addSettings } from './setting.ts';

const program = createProgram(
  'webtask',
  'Write, test and serve webtasks: one file is a function, a signed token is its address.',
);

// What a command needs is loaded when it runs.
program
  .command('new')
  .description('write a webtask and its test, or a project: new pay, new project my-tasks')
  .argument('<name>', 'name of the webtask, or the word project')
  .argument('[folder]', 'folder of the project')
  .option('--ts', 'in TypeScript')
  .addOption(
    new Option('--style <style>', 'programming model')
      .choices(['callback', 'context', 'http', 'fetch'])
      .default('context'),
  )
  .action(async (name, folder, options, command) => {
    const { newProject, newWebtask } = await import('./new.ts');
    if (name === 'project') {
      return folder === undefined ? command.error("missing required argument 'folder'") : newProject(folder, options);
    }
    if (folder !== undefined) command.error("a folder goes with the word project, as in 'new project my-tasks'");
    return newWebtask(name, options);
  });

addSettings(
  program
    .command('dev')
    .description('serve the webtasks of this folder, without tokens, and reload what you save')
    .argument('[files...]', 'webtasks; by default those of webtasks/'),
  SETTINGS.port,
  SETTINGS.limit,
  {
    ...SETTINGS.isolation,
    default: 'process',
    help: 'what webtasks run in: process (one of their own), sandbox (the same, shut in with this folder), or inline (the process of the server)',
  },
  {
    flag: '--inspect',
    help: 'take a debugger in the process of the webtasks, and limit nothing in time as long as one is attached',
  },
).action(async (files, options) => (await import('./dev.ts')).dev(files, options));

program
  .command('run')
  .description('send one request to a webtask and print the response')
  .argument('<file>', 'the webtask')
  .option('-q, --query <name=value>', 'add to the query; may be repeated', collectPair)
  .option('-s, --secret <name=value>', 'give a secret, in place of those of .env; may be repeated', collectPair)
  .option('-H, --header <name: value>', 'add a header; may be repeated', collectHeader)
  .option('-d, --data <body>', 'send a body')
  .option('-X, --request <method>', 'method; by default GET, or POST with a body', parseMethod)
  .addOption(
    new Option('--isolation <mode>', 'what it runs in: this process, one of its own, or one that is shut in')
      .choices(['inline', 'process', 'sandbox'])
      .default('inline'),
  )
  .option('--inspect', 'wait for a debugger, and set no time limit')
  .addHelpText(
    'after',
    '\nExit codes: 0 for a status below 400, 4 for 4xx, 5 for 5xx, 2 wrong use, 3 the webtask does not compile.',
  )
  .action(async (file, options) => (await import('./run.ts')).run(file, options));

addSettings(
  program
    .command('serve')
    .description('serve webtasks by their tokens')
    .argument('[folder]', 'folder whose files and packages webtasks can require'),
  SETTINGS.port,
  SETTINGS.host,
  SETTINGS.data,
  SETTINGS.isolation,
  SETTINGS.network,
  SETTINGS.workerUsers,
  SETTINGS.limit,
  SETTINGS.maxCode,
  SETTINGS.url,
  SETTINGS.runDomain,
  SETTINGS.proveHosts,
  SETTINGS.trustProxy,
  SETTINGS.tlsCert,
  SETTINGS.tlsKey,
  SETTINGS.allowOrigin,
  SETTINGS.identity,
  SETTINGS.logJson,
  SETTINGS.logLevel,
).action(async (folder, options) => (await import('./serve.ts')).serve(folder, options));

const token = program.command('token').description('mint a token, or say what one holds').helpCommand(false);
addSettings(
  token
    .command('mint')
    .description('print a token that runs code sent with the request and, with a delegation depth, creates webtasks')
    .requiredOption('--container <name>', 'container that the token is good for')
    .option('--expires <duration>', 'such as 30d, 12h, 90m; never by default')
    .option(
      '--delegation-depth <n>',
      'generations of tokens that may be issued from it, 1 to create webtasks',
      parseDepth,
      0,
    ),
  SETTINGS.data,
).action(async (options) => (await import('./token.ts')).mint(options));
addSettings(
  token
    .command('inspect')
    .description('print claims, signer and abilities of a token')
    .argument('<token>')
    .option('--decrypt', 'also open its secrets, for which the key is needed')
    .option('--json', 'as JSON'),
  SETTINGS.data,
).action(async (text, options) => (await import('./token.ts')).inspect(text, options));

addSettings(
  program
    .command('logs')
    .description('show what the webtasks of a container print, and their requests, as it happens')
    .argument('[container]', 'by default as WEBTASK_CONTAINER says, or default')
    .option('--name <name>', 'of one webtask only')
    .option('--json', 'as records of bunyan, one a line'),
  { ...SETTINGS.server, help: 'server to read from' },
  SETTINGS.token,
)
  .addHelpText(
    'after',
    `
It goes on until ctrl+c; nothing is kept from before. With several servers, each shows what it ran itself.
Exit codes: 1 the server cannot be reached or ended the stream, 2 wrong use or no right to read.`,
  )
  .action(async (container, options) => (await import('./logs.ts')).logs(container, options));

const cron = program.command('cron').description('run the cron job of a webtask').helpCommand(false);
addSettings(
  cron
    .command('run')
    .description('run a cron job now, whatever its schedule and state, and print the result')
    .argument('<job>', 'NAME, or CONTAINER/NAME')
    .option('--json', 'as JSON'),
  { ...SETTINGS.container, help: 'container of the job, where its name does not say it' },
  { ...SETTINGS.server, help: 'server that runs it' },
  SETTINGS.token,
)
  .addHelpText('after', '\nExit codes: 0 it succeeded (a status of 2xx), 3 it failed, 1 no server ran it, 2 wrong use.')
  .action(async (job, options) => (await import('./cron.ts')).runJob(job, options));

addKeyCommands(program);
addDataCommands(program);
addIdentityCommands(program);

program.addHelpText(
  'after',
  `
Tests run with mocha (npm test); wt-build mints the tokens of a repository.
Exit codes: 0 done, 1 the platform failed, 2 wrong use, 3 refused because of the webtask.`,
);

/** Runs the command that the arguments of this process name, and sets the exit code. */
export function runCommand(): Promise<void> {
  return runProgram(program);
}

function collectHeader(text: string, previous: [string, string][] = []): [string, string][] {
  const [, name, value] = /^([-\w!#$%&'*+.^`|~]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError('Write name: value.');
  return [...previous, [name, value]];
}

function parseMethod(text: string): string {
  if (!/^[-\w!#$%&'*+.^`|~]+$/.test(text)) throw new InvalidArgumentError('It is no method of HTTP.');
  return text;
}

function collectPair(text: string, previous: [string, string][] = []): [string, string][] {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Write name=value.');
  return [...previous, [text.slice(0, at), text.slice(at + 1)]];
}

function parseDepth(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError('It is no whole number.');
  return Number(text);
}

import { Command, CommanderError } from 'commander';
import { sentenceOf, WebtaskError } from '../runtime/errors.ts';
import { silenceNotices } from '../runtime/silence-notices.ts';
import { version } from '../runtime/version.ts';
import { loadDotenvSettings } from './dotenv-settings.ts';
import { visible } from './visible.ts';

/** What a program ends with, by who has to act. */
const EXIT_CODES = { caller: 2, webtask: 3, platform: 1 } as const;

/** Makes a program that has our words for its errors. */
export function createProgram(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .version(version(), '-v, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .exitOverride();
}

/** Has a command, and those below it, say in our words how it was used wrongly. */
function explainWrongUse(command: Command): void {
  const name = commandPath(command);
  command.configureOutput({
    outputError: (text, write) => {
      const reason = text
        .replace(/^error: /, '')
        .trim()
        .replace(/\n/g, ' ');
      write(`${name}: ${reason}${/[.)?]$/.test(reason) ? '' : '.'} Run ${name} --help. [WRONG_USE]\n`);
    },
  });
  for (const below of command.commands) explainWrongUse(below);
}

/**
 * Runs a program, and sets the exit code: 0 done, 1 the platform failed, 2 wrong use, 3 refused.
 */
export async function runProgram(program: Command): Promise<void> {
  let name = program.name();
  try {
    explainWrongUse(program);
    loadDotenvSettings(process.cwd(), process.env);
    silenceNotices(process.env);
    program.hook('preAction', (_program, command) => {
      name = commandPath(command);
    });
    await program.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      // It has already said what it had to say.
      process.exitCode = error.exitCode === 0 ? 0 : EXIT_CODES.caller;
      return;
    }
    process.stderr.write(`${describeError(name, error)}\n`);
    process.exitCode = error instanceof WebtaskError ? EXIT_CODES[error.fault] : EXIT_CODES.platform;
  }
}

/** `webtask token mint` */
function commandPath(command: Command): string {
  return command.parent ? `${commandPath(command.parent)} ${command.name()}` : command.name();
}

/** What happened to what and why, what to do, and the code. The stack is for those who can change this code. */
export function describeError(name: string, error: unknown): string {
  if (!(error instanceof WebtaskError)) {
    return `${name}: ${error instanceof Error ? error.stack : String(error)} [INTERNAL]`;
  }
  const { fix, code, fault, stack, cause } = error;
  // What a caller is told of the platform says little to who runs it.
  const because = fault === 'platform' && cause instanceof WebtaskError ? [sentenceOf(cause), cause.fix] : [];
  const line = `${name}: ${visible([sentenceOf(error), ...because, fix].filter(Boolean).join(' '))} [${code}]`;
  return fault === 'platform' && process.env.WEBTASK_DEBUG ? `${line}\n${stack}` : line;
}

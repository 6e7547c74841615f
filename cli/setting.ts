import { type Command, Option } from 'commander';

/** One setting: everything that says it (flag, variable, help, `.env.example`, docs) comes from here. */
export interface Setting {
  /** As commander writes it: `--port <n>`. */
  readonly flag?: string;
  /** A variable of the environment or `.env`. */
  readonly env?: string;
  readonly default?: string | number | boolean;
  readonly parse?: (text: string, previous?: unknown) => unknown;
  readonly help: string;
}

/**
 * Adds settings to a command. A flag wins over the environment, that over `.env`, that over the default.
 */
export function addSettings(command: Command, ...settings: Setting[]): Command {
  for (const { flag, env, default: value, parse, help } of settings) {
    if (flag === undefined) continue;
    const option = new Option(flag, help);
    if (env !== undefined) option.env(env);
    if (value !== undefined) option.default(value);
    if (parse !== undefined) option.argParser(parse);
    command.addOption(option);
  }
  return command;
}

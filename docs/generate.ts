/**
 * Writes the pages that are made from tables in the code: `npm run docs`. A test fails when they are out of date.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { settingsAsDotenv } from '../cli/dotenv-settings.ts';
import { SETTINGS } from '../cli/options.ts';
import type { Setting } from '../cli/setting.ts';
import { ERRORS, type Fault } from '../runtime/errors.ts';

const MADE = '<!-- Made from the code by `npm run docs`. -->';

/** The pages by their path in the repository. */
export function pages(): Record<string, string> {
  return { 'docs/errors.md': errorsPage(), 'docs/settings.md': settingsPage(), '.env.example': dotenvExample() };
}

function errorsPage(): string {
  const rows = Object.entries(ERRORS).map(([code, entry]) => {
    const fix = 'fix' in entry ? entry.fix : '';
    return `| <a id="${code}"></a>\`${code}\` | ${entry.status} | ${entry.fault} | ${cell(entry.text)} | ${cell(fix)} |`;
  });
  return `${MADE}
# Errors

Every error has a stable code, at the end of its line on the terminal and as \`error.code\` in code. Match on the code,
never on the words.

Who has to act decides the exit code of a program: ${faults()}.

| code | status | who has to act | what it says | the way out |
| --- | --- | --- | --- | --- |
${rows.join('\n')}
`;
}

function faults(): string {
  const exit: Record<Fault, string> = {
    caller: 'whoever called (2)',
    webtask: 'the author of the webtask (3)',
    platform: 'whoever runs the platform (1)',
  };
  return Object.entries(exit)
    .map(([fault, words]) => `\`${fault}\` is ${words}`)
    .join(', ');
}

function settingsPage(): string {
  const rows = settings().map(({ flag, env, help, default: value }) => {
    const cells = [flag && `\`${flag}\``, env && `\`${env}\``, value === undefined ? '' : `\`${value}\``, cell(help)];
    return `| ${cells.map((it) => it ?? '').join(' | ')} |`;
  });
  return `${MADE}
# Settings

A flag wins over the environment, the environment over \`.env\`, and \`.env\` over the default. No name that begins with
\`WEBTASK_\` ever becomes a secret of a webtask.

| flag | variable | default | what it is |
| --- | --- | --- | --- |
${rows.join('\n')}
`;
}

function dotenvExample(): string {
  return `# Your secrets. Their names are those that your webtasks read from context.secrets.
ACCESS_KEY_ID=
SECRET_ACCESS_KEY=
REGION=
TABLE=

${settingsAsDotenv()}
`;
}

function settings(): Setting[] {
  return Object.values(SETTINGS);
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, text] of Object.entries(pages())) {
    writeFileSync(new URL(`../${path}`, import.meta.url), text);
    console.log(`wrote ${path}`);
  }
}

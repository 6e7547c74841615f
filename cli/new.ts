import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fail } from '../runtime/errors.ts';
import { listWebtasks, readProject, webtaskName } from '../runtime/project/index.ts';
import { kitFolder } from '../runtime/version.ts';
import { settingsAsDotenv } from './dotenv-settings.ts';

/** How the new webtask is written. */
export interface NewOptions {
  readonly ts?: boolean;
  readonly style: 'callback' | 'context' | 'http' | 'fetch';
}

/** Absolute paths of files to write, and their texts. */
type NewFiles = Record<string, string>;

const FIRST_WEBTASK = 'hello';

/**
 * `webtask new project`: writes a folder with a webtask, its test, and all that testing and minting it takes.
 *
 * @throws NEW_FILES_EXIST, NEW_NOT_WRITTEN
 */
export function newProject(folder: string, options: NewOptions): void {
  const root = resolve(folder);
  const values = {
    ...versions(),
    name: packageName(basename(root)),
    ext: ending(options),
    settings: settingsAsDotenv(),
  };
  write({
    ...fromTemplates('project', root, values),
    ...fromTemplates(`project-${ending(options)}`, root, values),
    ...webtaskFiles(root, FIRST_WEBTASK, options),
  });
  const enter = root === process.cwd() ? '' : `cd ${quoted(shown(root))} && `;
  console.log(`next: ${enter}npm install && npm test`);
}

/**
 * `webtask new`: writes a webtask and its test into the project of the working directory.
 *
 * @throws NEW_NAME_INVALID, NEW_FILES_EXIST, NEW_NOT_WRITTEN
 */
export function newWebtask(name: string, options: NewOptions): void {
  if (!/^[a-z0-9][\w-]*$/i.test(name)) fail('NEW_NAME_INVALID', { name });
  const { folder } = readProject(process.cwd());
  const files = webtaskFiles(folder, name, options);
  // A webtask of that name in the other language would have the same URL and the same settings.
  const namesakes = listWebtasks(join(folder, 'webtasks')).filter((file) => webtaskName(file) === name);
  write(files, namesakes);
  const inProject = existsSync(join(folder, 'package.json'));
  console.log(`next: ${inProject ? 'npm test' : 'npx webtask-kit new project . && npm install && npm test'}`);
}

function webtaskFiles(folder: string, name: string, options: NewOptions): NewFiles {
  const ext = ending(options);
  const template = (file: string): string => readFileSync(join(kitFolder(), 'templates/webtask', file), 'utf8');
  const test = fill(template(`${options.style}.test.mjs`), { name, file: `webtasks/${name}.${ext}` });
  return {
    [join(folder, 'webtasks', `${name}.${ext}`)]: template(`${options.style}.${ext}`),
    // Tests are ES modules by their ending: said in package.json, it would count for the webtasks too.
    [join(folder, 'test', `${name}.test.m${ext}`)]: test,
  };
}

/** A folder of templates. Names that begin with `_` are those of dot files, which npm and editors would act on here. */
function fromTemplates(template: string, root: string, values: Record<string, string>): NewFiles {
  const from = join(kitFolder(), 'templates', template);
  return Object.fromEntries(
    readdirSync(from, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file) => [join(root, relative(from, file).replace(/^_/, '.')), fill(readFileSync(file, 'utf8'), values)]),
  );
}

/** Puts values in place of `{{name}}`; GitHub's `${{ name }}` has spaces, and stays. */
function fill(template: string, values: Record<string, string>): string {
  return template.replace(/\{\{([^\s{}]+)\}\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`The template wants {{${name}}}, which has no value.`);
    return value;
  });
}

/** Writes all files or, where one of them or of `others` exists, none. */
function write(files: NewFiles, others: readonly string[] = []): void {
  const existing = Object.keys(files).filter((file) =>
    onDisk(file, () => lstatSync(file, { throwIfNoEntry: false }) !== undefined),
  );
  const taken = [...new Set([...others, ...existing])].map(shown).sort();
  if (taken.length > 0) fail('NEW_FILES_EXIST', { files: taken.join(', ') });
  for (const [file, text] of Object.entries(files).sort()) {
    onDisk(file, () => {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text, { flag: 'wx' });
    });
    console.log(`wrote ${shown(file)}`);
  }
}

/** What the system says against a file is told in our words. */
function onDisk<Result>(file: string, action: () => Result): Result {
  try {
    return action();
  } catch (cause) {
    const [reason = ''] = (cause as Error).message.split(','); // node:fs throws nothing but errors
    return fail('NEW_NOT_WRITTEN', { file: shown(file), reason }, { cause });
  }
}

/** The versions that the kit itself is made with, so that a project has one copy of each. */
function versions(): Record<string, string> {
  const kit = JSON.parse(readFileSync(join(kitFolder(), 'package.json'), 'utf8')) as {
    version: string;
    dependencies: Record<string, string>;
    devDependencies: Record<string, string>;
  };
  return { ...kit.devDependencies, ...kit.dependencies, 'webtask-kit': kit.version };
}

/** What npm takes as the name of a package. */
function packageName(folder: string): string {
  return (
    folder
      .toLowerCase()
      .replace(/[^a-z0-9-]+/g, '-')
      .replace(/^-+|-+$/g, '') || 'webtasks'
  );
}

function ending({ ts }: NewOptions): 'js' | 'ts' {
  return ts ? 'ts' : 'js';
}

/** A path as the user would write it. */
function shown(path: string): string {
  return relative(process.cwd(), path).replaceAll('\\', '/');
}

function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `"${path}"`;
}

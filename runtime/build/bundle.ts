import { readFile } from 'node:fs/promises';
import { dirname, extname, isAbsolute, join, relative, sep } from 'node:path';
import type { BuildFailure } from 'esbuild';
import { findRequires } from '../compile/find-requires.ts';
import { isCommonJS, type Language, languageOf, translate } from '../compile/index.ts';
import { fail } from '../errors.ts';
import { insertStatement, joinMaps, type SourceMapJson, takeMap, withMap } from './bundle-map.ts';
import { findVersions, isBeside } from './dependencies.ts';
import type { SourceFile } from './source.ts';

/** A webtask of several files as one text. */
export interface Bundle {
  readonly code: string;
  /** The exact versions of the packages that it still requires. */
  readonly versions: Readonly<Record<string, string>>;
}

/** The oldest Node that a server may run. */
const TARGET = 'node20.19';
/** What esbuild calls the list of files that it is given. */
const LIST = '<webtask>';

/**
 * Makes one text of a webtask and the files beside it that it requires. Packages stay outside, `name@version` too.
 *
 * The text of the webtask itself stays as it is, with its directives, comments, lines and top-level `return`, so that a
 * function that reads its own text finds it; only one statement is put before it. The files beside it are a function
 * behind it, made by esbuild. A source map has stack traces name the author's files. The same files give the same bytes.
 *
 * @throws BUILD_BUNDLE_FAILED, BUILD_BUNDLE_IMPORT, BUILD_BUNDLE_OWN_TEXT, and what {@link findVersions} throws
 */
export async function bundleWebtask(source: SourceFile, meta: Readonly<Record<string, string>>): Promise<Bundle> {
  const { file, label, project } = source;
  const text = await readFile(file, 'utf8').catch((cause) => fail('RUN_NO_FILE', { file: label }, { cause }));
  const name = nameOf(file, project);
  const language = languageOf({ code: text, file }, meta);
  const { code: translated, rewritten } = await translate(text, label, language, TARGET);
  refuseOwnText(text, label, { rewritten, isEntry: true });
  const { code: entry, map } = takeMap(translated, rewritten, name);

  const required = await findRequires(translated, label, 'javascript');
  const lazy = required.find(({ module, dynamic }) => dynamic && isBeside(module));
  if (lazy) fail('BUILD_BUNDLE_IMPORT', { file: label, module: lazy.module });
  const beside = required.filter(({ module }) => isBeside(module)).map(({ module }) => module);
  const own = { code: text, language, folder: dirname(file), project, label, bundled: true };
  const versions = await findVersions(own);
  if (beside.length === 0) return { code: language === 'javascript' ? text : withMap(entry, map), versions };

  const { code: others, map: othersMap, inputs } = await bundleFiles(beside, source);
  for (const input of inputs) Object.assign(versions, await versionsOf(input, source));
  const whole = compose(entry, others, map, othersMap, label);
  if (!isCommonJS(whole)) {
    fail('BUILD_BUNDLE_FAILED', { file: label, reason: 'it does not compile together with the files beside it' });
  }
  return { code: whole, versions: sorted(versions) };
}

/**
 * Gives the webtask a `require` that finds what is in the bundle, and everything else where it is.
 *
 * The function is hoisted, so that it is there although it comes last, also behind a top-level `return`.
 */
function compose(entry: string, others: string, map: SourceMapJson, othersMap: SourceMapJson, label: string): string {
  let name = 'webtaskBundle';
  while (entry.includes(name)) name += '_';
  const first = insertStatement(entry, `var require = ${name}(require); `, label);
  const opening = `${first}\nfunction ${name}(outside) { var module = { exports: {} }, exports = module.exports;\n`;
  const closing = `var inside = module.exports; return Object.assign(function require(id) { return Object.hasOwn(inside, id) ? inside[id]() : outside(id); }, outside); }`;
  const line = opening.split('\n').length - 1;
  return withMap(`${opening}${others}${closing}`, joinMaps(map, othersMap, line));
}

/** Bundles the files that a webtask requires: an object of functions that load them, by what it requires. */
async function bundleFiles(
  beside: readonly string[],
  { file, label, project }: SourceFile,
): Promise<{ code: string; map: SourceMapJson; inputs: string[] }> {
  const { build } = await import('esbuild');
  const members = beside.map((module) => `${JSON.stringify(module)}: () => require(${JSON.stringify(module)})`);
  const result = await build({
    stdin: {
      contents: `module.exports = { ${members.join(', ')} };`,
      resolveDir: dirname(file),
      sourcefile: LIST,
    },
    absWorkingDir: project,
    outfile: join(project, 'bundle.js'), // nothing is written; paths in the source map are from its folder
    write: false,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: TARGET,
    packages: 'external',
    sourcemap: 'external',
    sourcesContent: false,
    metafile: true,
    logLevel: 'silent',
  }).catch((error: BuildFailure) => {
    const [first] = error.errors ?? [];
    if (first === undefined) throw error;
    const place =
      first.location && !first.location.file.endsWith(LIST) ? ` (${first.location.file}:${first.location.line})` : '';
    return fail('BUILD_BUNDLE_FAILED', { file: label, reason: `${first.text}${place}` }, { cause: error });
  });
  const text = (isMap: boolean): string =>
    result.outputFiles.find(({ path }) => path.endsWith('.map') === isMap)?.text ?? '';
  const inputs = Object.keys(result.metafile.inputs).filter((input) => !input.endsWith(LIST));
  return { code: text(false), map: JSON.parse(text(true)) as SourceMapJson, inputs }; // esbuild wrote it
}

/** The versions of the packages that a file beside the webtask requires. */
async function versionsOf(input: string, { project }: SourceFile): Promise<Record<string, string>> {
  const file = isAbsolute(input) ? input : join(project, input);
  const language = SCRIPTS[extname(file)];
  if (language === undefined) return {};
  const code = await readFile(file, 'utf8');
  refuseOwnText(code, input, { rewritten: true, isEntry: false });
  return findVersions({ code, language, folder: dirname(file), project, label: input, bundled: true });
}

const SCRIPTS: Readonly<Record<string, Language>> = {
  '.js': 'javascript',
  '.cjs': 'javascript',
  '.mjs': 'javascript',
  '.ts': 'typescript',
  '.cts': 'typescript',
  '.mts': 'typescript',
};

/** Refuses code that reads its own text in a way that no bundle keeps: from its file, or where esbuild drops comments. */
function refuseOwnText(
  code: string,
  file: string,
  { rewritten, isEntry }: { rewritten: boolean; isEntry: boolean },
): void {
  const refuse = (what: string): never => fail('BUILD_BUNDLE_OWN_TEXT', { file, what });
  if (/\breadFile(Sync)?\s*\(\s*__filename\b/.test(code)) refuse('reads its own file');
  if (!isEntry && /\b__(filename|dirname)\b/.test(code)) refuse('asks for its own path');
  if (rewritten && /\bimport\.meta\b/.test(code)) refuse('asks for its own path');
  // `function () {/* text */}` has no other use than to be read.
  if (rewritten && /\{\s*\/\*(?:[^*]|\*(?!\/))*\*\/\s*\}/.test(code) && /\.toString\(\)/.test(code)) {
    refuse('reads the comments of its functions');
  }
}

function nameOf(file: string, project: string): string {
  return relative(project, file).split(sep).join('/');
}

function sorted(versions: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(versions).sort(([a], [b]) => (a < b ? -1 : 1)));
}

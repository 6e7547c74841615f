import { dirname, relative, sep } from 'node:path';
import { languageOf } from '../compile/index.ts';
import { fail } from '../errors.ts';
import { readProject, type WebtaskSettings, webtaskName, webtaskSettings } from '../project/index.ts';
import { type KeySet, sealSecrets, signToken } from '../token/index.ts';
import { compareWithUrl } from './compare.ts';
import { findVersions } from './dependencies.ts';
import { findSource, type Source, type SourceFile, type SourceOptions } from './source.ts';

/** What is built, and how. */
export interface BuildOptions extends SourceOptions {
  /** Absolute paths of webtasks. */
  readonly files: readonly string[];
  /** Absolute path; messages name files from here. */
  readonly folder: string;
  readonly container: string;
  /** The name of the one webtask, which gives it storage of its own; its token says none by default. */
  readonly name?: string | undefined;
  /** Seconds. */
  readonly expiresIn: number;
  /** Does not ask the URLs. */
  readonly offline?: boolean | undefined;
  readonly keys: KeySet;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A token that was minted. */
export interface BuiltToken {
  readonly name: string;
  /** From the folder of the build, with `/`. */
  readonly file: string;
  readonly url: string;
  /** Whether the token is good for one version of the code only. */
  readonly pinned: boolean;
  readonly secretNames: readonly string[];
  /** ISO 8601. */
  readonly expires: string;
  /** Characters of the token. */
  readonly size: number;
  readonly token: string;
}

const RESERVED = /^WEBTASK_/;

/**
 * Mints a token for each of some webtasks: the URL of its code, the code's hash, and its secrets, sealed.
 *
 * All of them, or none: the first that is refused ends the build.
 *
 * @throws BUILD_ONE_FILE, BUILD_NAME_TWICE, what {@link findSource}, {@link findVersions}, {@link compareWithUrl} and
 *   {@link webtaskSettings} throw, and the errors of sealing and signing
 * @see protocol reference 5.2
 *
 * @example
 * const keys = await loadKeySet({ dataFolder: '.webtask', env: process.env });
 * const tokens = await buildTokens({ files, folder, container: 'default', expiresIn: 86_400, keys, … });
 */
export async function buildTokens(options: BuildOptions): Promise<BuiltToken[]> {
  const { files, name, url, offline, onSkip } = options;
  if (files.length > 1 && name !== undefined) fail('BUILD_ONE_FILE', { option: '--name', count: files.length });
  if (files.length > 1 && url !== undefined) fail('BUILD_ONE_FILE', { option: '--url', count: files.length });
  refuseSameNames(options);
  if (offline) onSkip('It was not asked whether the URLs answer with this code.');
  const tokens: BuiltToken[] = [];
  for (const file of files) tokens.push(await buildOne(file, options));
  return tokens;
}

async function buildOne(file: string, options: BuildOptions): Promise<BuiltToken> {
  const label = labelOf(file, options.folder);
  const sourceFile = { file, label, project: readProject(dirname(file)).folder };
  const source = await findSource(sourceFile, options);
  const settings = webtaskSettings(file, {}, options.env);
  const meta = { ...(await dependencyMeta(source, sourceFile, settings)), ...settings.meta };
  if (!options.offline && !source.dirty) await compareWithUrl(source, label);

  const exp = Math.floor(options.now / 1000) + options.expiresIn;
  const token = await mint(source, settings, meta, exp, options);
  return {
    name: options.name ?? webtaskName(file),
    file: label,
    url: source.url,
    pinned: source.sha256 !== undefined,
    secretNames: Object.keys(settings.secrets),
    expires: new Date(exp * 1000).toISOString(),
    size: token.length,
    token,
  };
}

async function mint(
  { url, sha256 }: Source,
  { secrets, params, parseBody, mergeBody }: WebtaskSettings,
  meta: Readonly<Record<string, string>>,
  exp: number,
  { container, name, keys, now }: BuildOptions,
): Promise<string> {
  for (const param of Object.keys(params)) if (RESERVED.test(param)) fail('SECRET_RESERVED', { name: param });
  const sealedFor = { ten: container, url, ...(sha256 !== undefined && { url_sha256: sha256 }) };
  const claims = {
    ...sealedFor,
    ...(name !== undefined && { jtn: name }),
    ...(isFilled(secrets) && { ectx: await sealSecrets(secrets, sealedFor, keys, 'certificate', now) }),
    ...(isFilled(params) && { pctx: params }),
    pb: parseBody,
    mb: mergeBody ? 1 : 0,
    ...(isFilled(meta) && { meta }),
    dd: 0,
    exp,
  } as const;
  return signToken(claims, keys, now / 1000);
}

async function dependencyMeta(
  { bytes }: Source,
  { file, label, project }: SourceFile,
  { meta }: WebtaskSettings,
): Promise<Record<string, string>> {
  const code = bytes.toString('utf8');
  const language = languageOf({ code, file }, meta);
  const versions = await findVersions({ code, language, folder: dirname(file), project, label });
  return isFilled(versions) ? { 'wt-node-dependencies': JSON.stringify(versions) } : {};
}

/** Names become names of variables and keys; two that are one would hide a token. */
function refuseSameNames({ files, folder }: BuildOptions): void {
  const seen = new Map<string, string>();
  for (const file of files) {
    const name = webtaskName(file);
    const first = seen.get(name);
    if (first !== undefined) {
      fail('BUILD_NAME_TWICE', { first: labelOf(first, folder), second: labelOf(file, folder), name });
    }
    seen.set(name, file);
  }
}

/** As messages name a file. */
function labelOf(file: string, folder: string): string {
  return relative(folder, file).split(sep).join('/');
}

function isFilled(record: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(record).length > 0;
}

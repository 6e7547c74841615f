import { dirname, relative, sep } from 'node:path';
import { parseCodeUrl } from '../code/index.ts';
import { languageOf } from '../compile/index.ts';
import { fail } from '../errors.ts';
import { readProject, type WebtaskSettings, webtaskName, webtaskSettings } from '../project/index.ts';
import { CLAIMS, checkContainers, type KeySet, singleContainer } from '../token/index.ts';
import { bundleWebtask } from './bundle.ts';
import { type Cluster, checkCluster, claimsOfToken } from './cluster.ts';
import { compareWithUrl } from './compare.ts';
import { findVersions } from './dependencies.ts';
import { issueToken } from './issue-token.ts';
import { isFilled, mintToken } from './mint-token.ts';
import { findSource, refuseSecretsInGit, type Source, type SourceFile, type SourceOptions } from './source.ts';

/** What is built, and how. */
export interface BuildOptions extends SourceOptions {
  /** Absolute paths of webtasks. */
  readonly files: readonly string[];
  /** Absolute path; messages name files from here. */
  readonly folder: string;
  /** By default that of the token that asks a cluster, or else `default`. */
  readonly container?: string | undefined;
  /** The name of the one webtask, which gives it storage of its own; its token says none by default. */
  readonly name?: string | undefined;
  /** Gives each webtask the name of its file. */
  readonly named?: boolean | undefined;
  /** Seconds; by default 30 days, and without end for what a cluster keeps under a name. */
  readonly expiresIn?: number | undefined;
  /** Does not ask the URLs. */
  readonly offline?: boolean | undefined;
  /** Signs the tokens, unless a cluster issues them; its certificate is what secrets are sealed to. */
  readonly keys: KeySet;
  /** Issues the tokens, in place of {@link keys}. */
  readonly cluster?: Cluster | undefined;
  /** Makes one text of each webtask and the files beside it, and has the cluster keep it. */
  readonly bundle?: boolean | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A webtask that a token can be made for. */
export interface PreparedWebtask {
  /** As messages name it. */
  readonly label: string;
  /** Of its file, or as it was asked for. */
  readonly name: string;
  /** The name that its token says, where one is wanted. */
  readonly jtn: string | undefined;
  /** Where the code is, or the code itself. */
  readonly source: Pick<Source, 'url' | 'sha256'> | { readonly code: string };
  readonly settings: WebtaskSettings;
  readonly meta: Readonly<Record<string, string>>;
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
  /** ISO 8601; `null` for a token without end. */
  readonly expires: string | null;
  /** Characters of the token. */
  readonly size: number;
  readonly token: string;
  /** Where a cluster said that it runs. For a webtask without a name, the token is part of it. */
  readonly webtaskUrl?: string;
}

/** What a token turned out to be. */
export interface MadeToken {
  readonly token: string;
  /** Where its code is. */
  readonly url: string;
  /** Whether it is good for one version of the code only. */
  readonly pinned: boolean;
  /** Seconds since the epoch. */
  readonly exp: number | undefined;
  readonly webtaskUrl?: string | undefined;
}

const RESERVED = /^WEBTASK_/;

/**
 * Makes a token for each of some webtasks: the URL of its code, the code's hash, and its secrets, sealed.
 *
 * All of them, or none: the first that is refused ends the build. A cluster may have issued some before it refuses one;
 * `onSkip` is then told which.
 *
 * @throws BUILD_ONE_FILE, BUILD_NAME_TWICE, BUILD_NAME_INVALID, CODE_URL_INVALID, what {@link findSource}, {@link findVersions}, {@link compareWithUrl},
 *   {@link webtaskSettings} and {@link checkCluster} throw, and the errors of sealing, signing and issuing
 * @see protocol reference 5.2
 *
 * @example
 * const keys = await loadKeySet({ dataFolder: '.webtask', env: process.env });
 * const tokens = await buildTokens({ files, folder, container: 'default', expiresIn: 86_400, keys, … });
 */
export async function buildTokens(options: BuildOptions): Promise<BuiltToken[]> {
  const { files, name, url, offline, cluster, bundle, onSkip } = options;
  if (files.length > 1 && name !== undefined) fail('BUILD_ONE_FILE', { option: '--name', count: files.length });
  if (files.length > 1 && url !== undefined) fail('BUILD_ONE_FILE', { option: '--url', count: files.length });
  if (url !== undefined) parseCodeUrl(url);
  refuseSameNames(options);
  if (cluster) checkCluster(cluster);
  else if (bundle) fail('BUILD_BUNDLE_ALONE');
  const container = containerOf(options);
  checkContainers(container);
  const prepared: PreparedWebtask[] = [];
  for (const file of files) prepared.push(await prepare(file, options));
  if (offline && !bundle) onSkip('It was not asked whether the URLs answer with this code.');

  const tokens: BuiltToken[] = [];
  try {
    for (const webtask of prepared) {
      const made = await (cluster
        ? issueToken(webtask, { ...options, container, cluster })
        : mintToken(webtask, { ...options, container }));
      tokens.push(describe(webtask, made));
    }
  } catch (error) {
    const before = tokens.map((it) => it.name).join(', ');
    if (cluster && before) onSkip(`Before that, ${cluster.url} issued tokens for ${before}. No file holds them.`);
    throw error;
  }
  return tokens;
}

/** The container that the tokens are good for. */
export function containerOf({ container, cluster }: Pick<BuildOptions, 'container' | 'cluster'>): string {
  return container ?? (cluster && singleContainer(claimsOfToken(cluster.token).ten)) ?? 'default';
}

async function prepare(file: string, options: BuildOptions): Promise<PreparedWebtask> {
  const label = labelOf(file, options.folder);
  const name = options.name ?? webtaskName(file);
  const jtn = options.named ? name : options.name;
  if (jtn !== undefined && !CLAIMS.jtn.is(jtn)) fail('BUILD_NAME_INVALID', { name: jtn });
  const sourceFile = { file, label, project: readProject(dirname(file)).folder };
  const settings = webtaskSettings(file, {}, options.env);
  for (const param of Object.keys(settings.params)) if (RESERVED.test(param)) fail('SECRET_RESERVED', { name: param });
  const { source, meta } = options.bundle
    ? await prepareBundle(sourceFile, settings)
    : await prepareFile(sourceFile, settings, options);
  return { label, name, jtn, source, settings, meta: { ...meta, ...settings.meta } };
}

type PreparedCode = Pick<PreparedWebtask, 'source' | 'meta'>;

async function prepareFile(
  sourceFile: SourceFile,
  settings: WebtaskSettings,
  options: BuildOptions,
): Promise<PreparedCode> {
  const source = await findSource(sourceFile, options);
  const meta = await dependencyMeta(source, sourceFile, settings);
  if (!options.offline && !source.dirty) await compareWithUrl(source, sourceFile.label);
  return { source, meta };
}

async function prepareBundle(sourceFile: SourceFile, { meta }: WebtaskSettings): Promise<PreparedCode> {
  await refuseSecretsInGit(sourceFile);
  const { code, versions } = await bundleWebtask(sourceFile, meta);
  return { source: { code }, meta: versionsMeta(versions) };
}

function describe({ name, label, settings }: PreparedWebtask, made: MadeToken): BuiltToken {
  const { token, url, pinned, exp, webtaskUrl } = made;
  return {
    name,
    file: label,
    url,
    pinned,
    secretNames: Object.keys(settings.secrets),
    expires: exp === undefined ? null : new Date(exp * 1000).toISOString(),
    size: token.length,
    token,
    ...(webtaskUrl !== undefined && { webtaskUrl }),
  };
}

async function dependencyMeta(
  { bytes }: Source,
  { file, label, project }: SourceFile,
  { meta }: WebtaskSettings,
): Promise<Record<string, string>> {
  const code = bytes.toString('utf8');
  const language = languageOf({ code, file }, meta);
  return versionsMeta(await findVersions({ code, language, folder: dirname(file), project, label }));
}

function versionsMeta(versions: Readonly<Record<string, string>>): Record<string, string> {
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

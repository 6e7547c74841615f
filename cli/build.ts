import { join, resolve } from 'node:path';
import { buildTokens, type Cluster, containerOf, loadBuildKeys, writeTokens } from '../runtime/build/index.ts';
import { fail } from '../runtime/errors.ts';
import { listWebtasks, readProject } from '../runtime/project/index.ts';
import { parseDuration } from '../runtime/token/index.ts';
import { TOKEN_FORMATS, type TokenFormat } from './print-tokens.ts';

/** `wt-build`: mints tokens, keeps them in a file, and prints what was asked for. */
export async function build(
  chosen: string[],
  options: {
    container?: string;
    data: string;
    server: string;
    cluster?: string;
    token?: string;
    recipient?: string;
    name?: string;
    named?: boolean;
    expires?: string;
    out?: string;
    format: TokenFormat;
    json?: boolean;
    repo?: string;
    ref?: string;
    url?: string;
    allowDirty?: boolean;
    offline?: boolean;
    bundle?: boolean;
  },
): Promise<void> {
  const { container, data, recipient, name, named, repo, ref, url, allowDirty, offline, bundle } = options;
  const cluster = clusterOf(options);
  const expiresIn = options.expires === undefined ? undefined : parseDuration(options.expires);
  const folder = process.cwd();
  const webtasks = join(readProject(folder).folder, 'webtasks');
  const files = chosen.length > 0 ? chosen.map((file) => resolve(file)) : listWebtasks(webtasks);
  if (files.length === 0) fail('DEV_NO_WEBTASKS', { folder: webtasks });

  const tokens = await buildTokens({
    files,
    folder,
    container,
    name,
    named,
    expiresIn,
    repo,
    ref,
    url,
    allowDirty,
    offline,
    bundle,
    keys: await loadBuildKeys({ dataFolder: data, env: process.env, recipient, isIssued: cluster !== undefined }),
    cluster,
    env: process.env,
    now: Date.now(),
    onSkip: (sentence) => process.stderr.write(`wt-build: ${sentence}\n`),
  });
  // First of all, and on stderr, so that what is printed can still go into a file or variable.
  if (process.env.GITHUB_ACTIONS === 'true') {
    for (const { token } of tokens) process.stderr.write(`::add-mask::${token}\n`);
  }
  const out = options.out ?? join(data, 'tokens.json');
  await writeTokens(out, tokens);
  const server = cluster?.url ?? options.server;
  const printedWith = { container: containerOf({ container, cluster }), server, out, isIssued: cluster !== undefined };
  process.stdout.write(TOKEN_FORMATS[options.json ? 'json' : options.format](tokens, printedWith));
}

/** A token on its own would be passed over in silence, and what was meant for a cluster be signed here. */
function clusterOf({ cluster, token }: { cluster?: string; token?: string }): Cluster | undefined {
  if (cluster === undefined && token === undefined) return undefined;
  if (cluster === undefined) return fail('BUILD_CLUSTER_TOKEN', { given: '--token', missing: '--cluster' });
  if (token === undefined) return fail('BUILD_CLUSTER_TOKEN', { given: '--cluster', missing: '--token' });
  return { url: cluster, token };
}

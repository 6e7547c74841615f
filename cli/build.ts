import { join, resolve } from 'node:path';
import { buildTokens, writeTokens } from '../runtime/build/index.ts';
import { fail } from '../runtime/errors.ts';
import { listWebtasks, readProject } from '../runtime/project/index.ts';
import { loadKeySet, parseDuration } from '../runtime/token/index.ts';
import { TOKEN_FORMATS, type TokenFormat } from './print-tokens.ts';

/** `wt-build`: mints tokens, keeps them in a file, and prints what was asked for. */
export async function build(
  named: string[],
  options: {
    container: string;
    data: string;
    server: string;
    name?: string;
    expires: string;
    out?: string;
    format: TokenFormat;
    repo?: string;
    ref?: string;
    url?: string;
    allowDirty?: boolean;
    offline?: boolean;
  },
): Promise<void> {
  const { container, data, server, name, repo, ref, url, allowDirty, offline } = options;
  const expiresIn = parseDuration(options.expires);
  const folder = process.cwd();
  const webtasks = join(readProject(folder).folder, 'webtasks');
  const files = named.length > 0 ? named.map((file) => resolve(file)) : listWebtasks(webtasks);
  if (files.length === 0) fail('DEV_NO_WEBTASKS', { folder: webtasks });

  const tokens = await buildTokens({
    files,
    folder,
    container,
    name,
    expiresIn,
    repo,
    ref,
    url,
    allowDirty,
    offline,
    keys: await loadKeySet({ dataFolder: data, env: process.env }),
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
  process.stdout.write(TOKEN_FORMATS[options.format](tokens, { container, server, out }));
}

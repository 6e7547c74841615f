import type { ChildProcess } from 'node:child_process';
import { fail } from '../errors.ts';
import { runNpm } from './npm.ts';

/** Where npm may go, and through what. */
export interface NpmSettings {
  /** Origins of the registry, and of those that scopes have. */
  readonly registries: ReadonlySet<string>;
  /** The proxy that leads to a registry, where one is needed. */
  proxyOf(registry: URL): URL | undefined;
}

/** What `npm config list --json` says of it; a proxy with a password is left out. */
interface Listed extends Readonly<Record<string, unknown>> {
  readonly 'https-proxy'?: string | null;
  readonly proxy?: string | null;
  readonly noproxy?: string | readonly string[];
}

/**
 * Asks npm for its registries and proxies, which are in environment variables and in several files.
 *
 * @param folder - where npm is run
 * @throws MODULES_NPM
 */
export async function readNpmSettings(
  folder: string,
  env: NodeJS.ProcessEnv,
  onStart: (child: ChildProcess) => void,
): Promise<NpmSettings> {
  const { status, reason, output } = await runNpm(['config', 'list', '--json'], folder, env, onStart);
  if (status !== 0) fail('MODULES_NPM', { reason });
  const listed = JSON.parse(output) as Listed;
  for (const name of ['proxy', 'https-proxy']) {
    if (!(name in listed)) fail('MODULES_NPM', { reason: `its setting ${name} has a password, which it tells nobody` });
  }
  const registries = Object.entries(listed)
    .filter(([name, url]) => /^(?:@[^:]+:)?registry$/.test(name) && typeof url === 'string')
    .map(([, url]) => new URL(String(url)).origin);
  return {
    registries: new Set(registries),
    proxyOf: (registry) => proxyOf(registry, listed, env),
  };
}

/** As npm decides it. */
function proxyOf({ protocol, hostname }: URL, listed: Listed, env: NodeJS.ProcessEnv): URL | undefined {
  const variable = (name: string): string | undefined => env[name] || env[name.toUpperCase()];
  const direct = [listed.noproxy ?? []].flat().join(',') || (variable('no_proxy') ?? '');
  const names = direct.split(',').flatMap((name) => name.trim().replace(/^\./, '') || []);
  if (names.some((name) => `.${hostname}`.endsWith(`.${name}`))) return undefined;
  const [own, other] = [listed['https-proxy'], listed.proxy];
  const set = protocol === 'https:' ? own || other : other || own;
  const found =
    set || variable('https_proxy') || (protocol === 'http:' && (variable('http_proxy') || variable('proxy')));
  return found ? new URL(found) : undefined;
}

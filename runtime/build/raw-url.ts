/** A repository on a GitHub server. */
export interface Repository {
  /** Origin, such as `https://github.com`. */
  readonly server: string;
  /** `OWNER/REPO` */
  readonly name: string;
}

const NAME = /^[\w.-]+\/[\w.-]+$/;
/** `git@host:owner/repo`; what has a `//` is a URL, and a single letter before the colon is a drive. */
const SCP = /^(?:[^@/\s]+@)?([^:/\s@]{2,}):(?!\/\/)\/?(.+)$/;

/**
 * Reads the repository out of the URL of a remote: ssh, `git@host:owner/repo`, git or https, with or without `.git`.
 *
 * User names, passwords and the ports of ssh are of no use to who fetches code, and are dropped.
 *
 * @returns nothing where it names no `OWNER/REPO` on a server, as a path on this machine does not
 *
 * @example
 * parseRepository('git@github.com:acme/tasks.git'); // { server: 'https://github.com', name: 'acme/tasks' }
 */
export function parseRepository(remote: string): Repository | undefined {
  const [, scpHost, scpPath] = SCP.exec(remote) ?? [];
  if (scpHost !== undefined && scpPath !== undefined) return repository(`https://${scpHost}`, scpPath);
  if (!URL.canParse(remote)) return undefined;
  const { protocol, host, hostname, pathname } = new URL(remote);
  if (protocol === 'https:' || protocol === 'http:') return repository(`${protocol}//${host}`, pathname);
  if (protocol === 'ssh:' || protocol === 'git:' || protocol === 'git+ssh:') {
    return repository(`https://${hostname}`, pathname);
  }
  return undefined;
}

/**
 * The URL at which a GitHub server answers with the bytes of a file.
 *
 * A GitHub Enterprise Server answers at `/raw/`, unless it isolates subdomains; then at `raw.HOST`, which cannot be
 * told from the remote.
 *
 * @param ref - commit, branch or tag
 * @param path - from the root of the repository, with `/`
 * @see https://docs.github.com/en/enterprise-server/admin/configuring-settings/hardening-security-for-your-enterprise/enabling-subdomain-isolation
 *
 * @example
 * rawUrl({ server: 'https://github.com', name: 'acme/tasks' }, '4f1c…', 'webtasks/pay.js');
 * // https://raw.githubusercontent.com/acme/tasks/4f1c…/webtasks/pay.js
 */
export function rawUrl({ server, name }: Repository, ref: string, path: string): string {
  const base = server === 'https://github.com' ? 'https://raw.githubusercontent.com' : `${server}/raw`;
  const segments = `${name}/${ref}/${path}`.split('/').map(encodeURIComponent);
  return `${base}/${segments.join('/')}`;
}

function repository(server: string, path: string): Repository | undefined {
  const name = path.replace(/^\/+|\/+$/g, '').replace(/\.git$/, '');
  if (!NAME.test(name)) return undefined;
  // `ssh.github.com` is github.com for networks that let nothing but port 443 through.
  return { server: server === 'https://ssh.github.com' ? 'https://github.com' : server.toLowerCase(), name };
}

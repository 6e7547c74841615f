import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A server that stands in for https://unpkg.com, which the client asks for the version of a module. */
export interface Unpkg {
  /** Has a client find the stand-in under the name `unpkg.com`, and trust its certificate. */
  readonly env: Readonly<Record<string, string>>;
  /** The paths that were asked for. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

/**
 * Starts the stand-in, with a certificate for `unpkg.com` that was made for this run.
 *
 * @param versions - what each `name@range` is answered with
 */
export async function startUnpkg(versions: Readonly<Record<string, string>>): Promise<Unpkg> {
  const folder = mkdtempSync(join(tmpdir(), 'webtask-unpkg-'));
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=unpkg.com', '-addext', 'subjectAltName=DNS:unpkg.com'];
  const newKey = ['-newkey', 'rsa:2048', '-nodes', '-keyout', keyFile];
  execFileSync('openssl', ['req', '-x509', ...newKey, '-out', certFile, '-days', '1', ...subject], { stdio: 'pipe' });

  const requests: string[] = [];
  const server = createServer({ key: readFileSync(keyFile), cert: readFileSync(certFile) }, (req, res) => {
    const path = decodeURIComponent(req.url ?? '');
    requests.push(path);
    const version = versions[path.replace(/^\/|\/package\.json$/g, '')];
    if (version === undefined) res.writeHead(404).end('Cannot find package');
    else res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ version }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on TCP
  return {
    env: {
      NODE_EXTRA_CA_CERTS: certFile,
      NODE_OPTIONS: `--require ${JSON.stringify(fileURLToPath(new URL('./resolve-unpkg.cjs', import.meta.url)))}`,
      UNPKG_PORT: String(port),
    },
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        rmSync(folder, { recursive: true, force: true });
      }),
  };
}

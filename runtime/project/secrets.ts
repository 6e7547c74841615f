import { fail } from '../errors.ts';
import { readDotenv } from './dotenv.ts';

/** Names of the kit's own settings. They never enter a token or a context. */
const RESERVED = /^WEBTASK_/;

/** The secrets of a webtask, and where each was found. */
export interface FoundSecrets {
  readonly secrets: Readonly<Record<string, string>>;
  readonly sources: Readonly<Record<string, '.env' | 'environment'>>;
}

/**
 * Collects the secrets of a webtask. Harness, dev, run and wt-build all use this one rule.
 *
 * A variable of the environment wins over the `.env` file, so that CI needs no file. No name that begins with
 * `WEBTASK_` is ever a secret.
 *
 * @param folder - absolute path of the project
 * @param names - the names wanted; by default all names of `.env`
 * @param env - the environment, `process.env` outside tests
 * @throws SECRET_MISSING, SECRET_RESERVED
 */
export function findSecrets(
  folder: string,
  names: readonly string[] | undefined,
  env: NodeJS.ProcessEnv,
): FoundSecrets {
  const dotenv = readDotenv(folder);
  const secrets: Record<string, string> = {};
  const sources: Record<string, '.env' | 'environment'> = {};
  for (const name of names ?? Object.keys(dotenv).filter((it) => !RESERVED.test(it))) {
    refuseReserved(name);
    const value = env[name] ?? dotenv[name] ?? fail('SECRET_MISSING', { name });
    secrets[name] = value;
    sources[name] = env[name] === undefined ? '.env' : 'environment';
  }
  return { secrets, sources };
}

/**
 * Refuses the name of a secret that is one of the kit's own settings.
 *
 * @throws SECRET_RESERVED
 */
export function refuseReserved(name: string): void {
  if (RESERVED.test(name)) fail('SECRET_RESERVED', { name });
}

import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../errors.ts';
import { generateKeys, readKeyFile, type StoredKey } from './key-file.ts';

/** A key file that is changed. */
export interface KeyFileToChange {
  readonly dataFolder: string;
  readonly env: NodeJS.ProcessEnv;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * Puts new keys before those of a key file, so that they sign and seal from then on. The others verify and open.
 *
 * @returns the `kid` of each new key
 * @throws KEYS_NONE, KEYS_BY_SETTING, KEYS_BUSY, and what reading the file throws
 */
export async function rotateKeys(file: KeyFileToChange): Promise<string[]> {
  const added = await generateKeys(file.now);
  await changeKeys(file, (keys) => [...added, ...keys]);
  return added.map(({ kid = '' }) => kid);
}

/**
 * Takes a key that is no longer in use out of a key file: what it signed is refused, and what it sealed never opened
 * again.
 *
 * @throws KEYS_KID_UNKNOWN, KEYS_CURRENT, KEYS_NONE, KEYS_BY_SETTING, KEYS_BUSY, and what reading the file throws
 */
export async function removeKey(kid: string, file: KeyFileToChange): Promise<void> {
  await changeKeys(file, (keys) => {
    const key = keys.find((it) => it.kid === kid) ?? fail('KEYS_KID_UNKNOWN', { kid });
    if (keys.find(({ alg }) => alg === key.alg) === key) fail('KEYS_CURRENT', { kid });
    return keys.filter((it) => it !== key);
  });
}

/**
 * Says where a key file is, for commands that read what is there and never make one.
 *
 * @throws KEYS_NONE, KEYS_BY_SETTING
 */
export async function existingKeyFile({ dataFolder, env }: Omit<KeyFileToChange, 'now'>): Promise<string> {
  const file = join(dataFolder, 'keys');
  if (env.WEBTASK_SIGNING_KEY) fail('KEYS_BY_SETTING', { file });
  await readFile(file).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') fail('KEYS_NONE', { file });
  });
  return file;
}

/** The draft is the lock as well: of two that change the file at once, one is refused, and no key is lost. */
async function changeKeys(
  { dataFolder, env, now }: KeyFileToChange,
  change: (keys: readonly StoredKey[]) => readonly StoredKey[],
): Promise<void> {
  const file = await existingKeyFile({ dataFolder, env });
  const draft = `${file}.next`;
  await writeFile(draft, '', { mode: 0o600, flag: 'wx' }).catch((cause: NodeJS.ErrnoException) =>
    cause.code === 'EEXIST'
      ? fail('KEYS_BUSY', { draft })
      : fail('KEYS_OUT_OF_REACH', { file, reason: cause.code ?? cause.message }, { cause }),
  );
  try {
    await readKeyFile(dataFolder, now); // refuses a damaged one
    const { keys } = JSON.parse(await readFile(file, 'utf8')) as { keys: StoredKey[] };
    await writeFile(draft, `${JSON.stringify({ keys: change(keys) }, null, 2)}\n`, { flush: true });
    await rename(draft, file);
  } finally {
    await rm(draft, { force: true });
  }
}

import { chmod, mkdir, readdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { fail } from '../errors.ts';
import { type KeySet, openSeal, sealSecrets } from '../token/index.ts';
import { fileNameOf } from './file-name.ts';
import { type Entry, MANIFEST, type Manifest, parseManifest } from './manifest.ts';
import { reasonOf } from './read-remote.ts';
import type { MovedWebtask } from './webtask.ts';

/** What the seal of exported secrets is for, so that it opens for that webtask of that export only. */
const sealedFor = (container: string, name: string) => ({ ten: container, url: `webtask-export:${name}` });

/**
 * Opens a folder for an export: an empty or new one, or one with an earlier export of the container.
 *
 * @returns the earlier export
 * @throws TRANSFER_FOLDER_TAKEN, TRANSFER_MANIFEST
 */
export async function openFolder(folder: string, container: string): Promise<Manifest | undefined> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const found = await readdir(folder);
  if (found.length === 0) {
    await chmod(folder, 0o700);
    return undefined;
  }
  if (!found.includes(MANIFEST)) return fail('TRANSFER_FOLDER_TAKEN', { folder, container });
  const earlier = await readManifest(folder);
  if (earlier.container !== container) return fail('TRANSFER_FOLDER_TAKEN', { folder, container });
  return earlier;
}

/**
 * Writes the files of a webtask, with mode 0600. Gives what the manifest says of it.
 *
 * @param keys - has the certificate that secrets are sealed to
 */
export async function writeEntry(
  folder: string,
  container: string,
  webtask: MovedWebtask,
  keys: KeySet | undefined,
): Promise<Entry> {
  const { name, code, claims, meta, secrets, storage, cron, missing } = webtask;
  const file = fileNameOf(name);
  const paths = {
    ...(code !== undefined && { code: `code/${file}.js` }),
    ...(storage !== undefined && { storage: `storage/${file}.json` }),
  };
  if (paths.code && code !== undefined) await write(join(folder, paths.code), code);
  if (paths.storage && storage !== undefined) await write(join(folder, paths.storage), `${storage}\n`);
  const isSealed = keys && secrets && Object.keys(secrets).length > 0;
  return {
    name,
    ...paths,
    ...(Object.keys(claims).length > 0 && { claims }),
    ...(Object.keys(meta).length > 0 && { meta }),
    ...(isSealed && { secrets: await sealSecrets(secrets, sealedFor(container, name), keys) }),
    ...(cron && { cron }),
    ...(Object.keys(missing).length > 0 && { missing }),
  };
}

/** Writes the manifest, last of all, and removes the files that only the earlier one named. */
export async function writeManifest(folder: string, manifest: Manifest, earlier: Manifest | undefined): Promise<void> {
  await write(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
  const named = new Set(filesOf(manifest));
  for (const file of earlier ? filesOf(earlier) : []) {
    if (!named.has(file)) await rm(join(folder, file), { force: true });
  }
}

function filesOf({ webtasks }: Manifest): string[] {
  return webtasks.flatMap(({ code, storage }) => [code, storage].filter((it) => it !== undefined));
}

/** @throws TRANSFER_MANIFEST */
export async function readManifest(folder: string): Promise<Manifest> {
  const file = join(folder, MANIFEST);
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) =>
    fail('TRANSFER_MANIFEST', { file, reason: `it cannot be read (${cause.code})` }, { cause }),
  );
  return parseManifest(text, file);
}

/**
 * Reads the files of a webtask, and opens its secrets.
 *
 * @param loadKeys - called where there is something to open
 */
export async function readEntry(
  folder: string,
  container: string,
  entry: Entry,
  loadKeys: () => Promise<KeySet>,
): Promise<MovedWebtask> {
  const { name, claims = {}, meta = {}, cron } = entry;
  const missing = { ...entry.missing };
  const read = async (part: 'code' | 'storage'): Promise<string | undefined> => {
    const path = entry[part];
    if (path === undefined) return undefined;
    try {
      return await readFile(await inside(folder, path), 'utf8');
    } catch (error) {
      missing[part] = `${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? (error as Error).message})`;
      return undefined;
    }
  };
  const storage = await read('storage');
  if (storage !== undefined && !isJson(storage)) missing.storage = `${entry.storage} is no JSON`;
  const code = await read('code');
  if (code === undefined && claims.url === undefined) missing.code ??= 'there is neither code nor a URL';
  let secrets = typeof entry.secrets === 'object' ? entry.secrets : undefined;
  if (typeof entry.secrets === 'string') {
    try {
      secrets = await openSeal(entry.secrets, sealedFor(container, name), await loadKeys());
    } catch (error) {
      missing.secrets = reasonOf(error);
    }
  } else if (secrets) delete missing.secrets; // they were written in by hand
  return {
    name,
    code,
    claims,
    meta,
    secrets,
    storage: missing.storage === undefined ? storage?.trimEnd() : undefined,
    cron,
    missing,
  };
}

/** A link in the folder leads to no file outside of it. */
async function inside(folder: string, path: string): Promise<string> {
  const [root, file] = await Promise.all([realpath(folder), realpath(join(folder, path))]);
  if (!file.startsWith(root + sep)) throw new Error('it is outside of the folder');
  return file;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** What is under the name is whole at any time. */
async function write(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.part`;
  await writeFile(draft, text, { mode: 0o600 });
  await rename(draft, file);
}

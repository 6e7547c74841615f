import type { KeySet } from '../token/index.ts';
import { openFolder, writeEntry, writeManifest } from './folder.ts';
import type { Entry } from './manifest.ts';
import { isOrphan, readRemote } from './read-remote.ts';
import type { Outcome, Part, Row, TransferReport } from './report.ts';
import { checkServer, type Remote } from './request.ts';
import { type MovedWebtask, NOT_ASKED } from './webtask.ts';

/** What is exported, and to where. */
export interface ExportOptions {
  readonly remote: Remote;
  readonly folder: string;
  /** Has the certificate that secrets are sealed to; without it, they are left out. */
  readonly keys?: KeySet | undefined;
  readonly onProgress?: ((done: number, of: number) => void) | undefined;
}

/**
 * Writes the webtasks of a container into a folder: a manifest, a file of code for each, and its storage.
 *
 * The same webtasks give the same files. What cannot be read is noted in the manifest.
 *
 * @throws TRANSFER_SERVER_URL, TRANSFER_PLAIN, TRANSFER_REFUSED, TRANSFER_FAILED, TRANSFER_FOLDER_TAKEN,
 *   TRANSFER_MANIFEST, SEAL_NO_KEY, CERTIFICATE_UNUSABLE
 */
export async function exportContainer({ remote, folder, keys, onProgress }: ExportOptions): Promise<TransferReport> {
  checkServer(remote.server);
  const { container, server } = remote;
  const earlier = await openFolder(folder, container);
  const entries: Entry[] = [];
  const rows: Row[] = [];
  let count = 0;
  const webtasks = readRemote(remote, keys !== undefined, (found) => {
    count = found;
  });
  for await (const webtask of webtasks) {
    // One of which nothing can be had is told of, and is no entry.
    if (!isOrphan(webtask)) entries.push(await writeEntry(folder, container, webtask, keys));
    rows.push(rowOf(webtask));
    onProgress?.(rows.length, count);
  }
  await writeManifest(folder, { webtask_export: 1, container, webtasks: entries }, earlier);
  return { container, from: server, to: folder, webtasks: rows };
}

function rowOf({ name, code, claims, secrets, storage, cron, missing }: MovedWebtask): Row {
  const has = { code: code ?? claims.url, secrets, storage, cron };
  const outcome = (part: Part): Outcome => {
    if (missing[part] !== undefined) return part === 'secrets' && missing[part] === NOT_ASKED ? 'left out' : 'failed';
    return has[part] === undefined ? 'none' : 'written';
  };
  return {
    name,
    code: outcome('code'),
    secrets: outcome('secrets'),
    storage: outcome('storage'),
    cron: outcome('cron'),
    reasons: Object.entries(missing).map(([part, reason]) => `${part}: ${reason}`),
  };
}

import type { KeySet } from '../token/index.ts';
import { readEntry, readManifest } from './folder.ts';
import { readRemote } from './read-remote.ts';
import type { Row, TransferReport } from './report.ts';
import { checkServer, type Remote } from './request.ts';
import type { MovedWebtask } from './webtask.ts';
import { writeRemote } from './write-remote.ts';

/** What is imported, and to where. */
export interface ImportOptions {
  /** A folder with a manifest, or a server. */
  readonly from: { readonly folder: string } | { readonly remote: Remote };
  /** The container is that of the source where it is not said here. */
  readonly to: Omit<Remote, 'container'> & { readonly container?: string | undefined };
  /** Overwrites what differs. */
  readonly replace: boolean;
  /** Loads the keys that open sealed secrets. */
  readonly loadKeys: () => Promise<KeySet>;
  readonly onProgress?: ((done: number, of: number) => void) | undefined;
}

/**
 * Brings webtasks to a server: from a folder that `exportContainer` wrote or somebody edited, or from another server, as
 * far as it still answers.
 *
 * @throws TRANSFER_SERVER_URL, TRANSFER_PLAIN, TRANSFER_MANIFEST; and TRANSFER_REFUSED, TRANSFER_FAILED where the source
 *   cannot be listed. What fails with a webtask is told in its row.
 */
export async function importWebtasks({
  from,
  to,
  replace,
  loadKeys,
  onProgress,
}: ImportOptions): Promise<TransferReport> {
  checkServer(to.server);
  const source = 'folder' in from ? await openExport(from.folder, loadKeys) : openServer(from.remote);
  const remote: Remote = { ...to, container: to.container ?? source.container };
  const rows: Row[] = [];
  for await (const webtask of source.webtasks) {
    rows.push(await writeRemote(remote, webtask, replace));
    onProgress?.(rows.length, source.count());
  }
  return { container: remote.container, from: source.name, to: remote.server, webtasks: rows };
}

interface Source {
  readonly name: string;
  readonly container: string;
  readonly webtasks: AsyncIterable<MovedWebtask>;
  /** How many there are, as far as is known. */
  count(): number;
}

async function openExport(folder: string, loadKeys: () => Promise<KeySet>): Promise<Source> {
  const { container, webtasks: entries } = await readManifest(folder);
  async function* read(): AsyncGenerator<MovedWebtask> {
    for (const entry of entries) yield await readEntry(folder, container, entry, loadKeys);
  }
  return { name: folder, container, webtasks: read(), count: () => entries.length };
}

function openServer(remote: Remote): Source {
  checkServer(remote.server);
  let count = 0;
  const webtasks = readRemote(remote, true, (found) => {
    count = found;
  });
  return { name: remote.server, container: remote.container, webtasks, count: () => count };
}

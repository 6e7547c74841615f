import { type FileHandle, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Lines that are only ever added to. */
export interface Journal {
  /** Adds a record as one line of JSON. Resolves when the system has it, so that it outlives this process. */
  append(record: object): Promise<void>;
  close(): Promise<void>;
}

/** How large files become, and all of them together: bytes. */
export interface JournalLimits {
  readonly file: number;
  readonly all: number;
}

const LIMITS: JournalLimits = { file: 16 * 1024 * 1024, all: 1024 * 1024 * 1024 };

/**
 * Opens a journal with its first record: files of JSON lines in a folder, a new one for each process and whenever one
 * is full. No file is renamed or written twice, so that several processes can share the folder; the oldest go when all
 * of them take too much room.
 *
 * Records that come while others are written go out together, in one write.
 *
 * @param folder - made with mode 0700
 */
export function createJournal(folder: string, limits = LIMITS, now = Date.now): Journal {
  let file: FileHandle | undefined;
  let size = 0;
  let opened = 0;
  let waiting: { line: string; done: () => void; refuse: (error: unknown) => void }[] = [];
  let writing: Promise<void> | undefined;

  async function openFile(): Promise<FileHandle> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await removeOldest(folder, limits.all - limits.file);
    const time = new Date(now()).toISOString().replaceAll(':', '-');
    size = 0;
    return open(join(folder, `${time}-${process.pid}-${opened++}.jsonl`), 'ax', 0o600);
  }

  async function closeFile(): Promise<void> {
    const closing = file;
    file = undefined;
    await closing?.close().catch(() => undefined); // what was acknowledged is written
  }

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        if (size >= limits.file) await closeFile();
        file ??= await openFile();
        const bytes = Buffer.from(batch.map(({ line }) => line).join(''));
        size += bytes.length;
        await file.appendFile(bytes);
        for (const { done } of batch) done();
      } catch (error) {
        // Half a line may be at its end: what comes next begins a file.
        await closeFile();
        for (const { refuse } of batch) refuse(error);
      }
    }
    writing = undefined;
  }

  return {
    append(record) {
      return new Promise((done, refuse) => {
        waiting.push({ line: `${JSON.stringify(record)}\n`, done, refuse });
        writing ??= writeAll();
      });
    },
    async close() {
      await writing;
      await closeFile();
    },
  };
}

/** Their names begin with the time, so the oldest come first. */
async function removeOldest(folder: string, maxBytes: number): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.jsonl')).sort();
  const paths = names.map((name) => join(folder, name));
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path).catch(() => undefined))?.size ?? 0));
  let total = sizes.reduce((sum, it) => sum + it, 0);
  for (const [i, path] of paths.entries()) {
    if (total <= maxBytes) return;
    await rm(path, { force: true });
    total -= sizes[i] ?? 0;
  }
}

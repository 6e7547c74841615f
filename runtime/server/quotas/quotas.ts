import { sha256Hex } from '../../code/index.ts';
import { fail } from '../../errors.ts';
import type { Key, Store } from '../../store/index.ts';
import { QUOTA_VARIABLES, type QuotaSettings } from './read-quotas.ts';
import { createTurns } from './turns.ts';
import { createUsage, type Usage } from './usage.ts';
import { type SizeOf, sumOf } from './walk.ts';

/** What containers have, and may have. */
export interface Quotas {
  readonly webtasks: Usage;
  /** In bytes. */
  readonly code: Usage;
  /**
   * Counts code that is kept for tokens without a name, once for each container. It is kept for good.
   *
   * @throws QUOTA_EXCEEDED
   */
  takeNamelessCode(container: string, code: string): Promise<void>;
  /**
   * Counts that a document changes its size, before it does.
   *
   * @param before - bytes of JSON
   * @returns what is to be called when the change was made, or was not
   * @throws QUOTA_EXCEEDED
   */
  resizeDocument(key: Key, before: number, after: number): Promise<(isDone: boolean) => Promise<void>>;
  /** @throws QUOTA_EXCEEDED where so many streams of a container's logs are open already */
  checkLogStreams(container: string, open: number): void;
}

/** Documents are counted in steps: what changes little costs no count. */
const STEP_BYTES = 16 * 1024;
const STORAGE = 'storage/';

/**
 * Makes the quotas of containers.
 *
 * @param sizeOfDocument - bytes of JSON of an item that holds a document
 * @param now - seconds since the epoch
 */
export function createQuotas(
  settings: QuotaSettings,
  openStore: () => Promise<Store>,
  sizeOfDocument: SizeOf,
  now: () => number = () => Date.now() / 1000,
): Quotas {
  const usage = (what: string, name: keyof QuotaSettings, count: (container: string) => Promise<number>): Usage =>
    createUsage({ what, max: settings[name], setting: QUOTA_VARIABLES[name], count }, openStore, now);
  const inTurn = createTurns();
  const nameless = (container: string): string => `code-of/${container}`;

  const webtasks = usage('webtasks', 'webtasks', (container) => sumOf(openStore, `webtasks/${container}`, () => 1));
  const code = usage('bytes of code', 'codeBytes', async (container) => {
    const named = sumOf(openStore, `webtasks/${container}`, ({ value }) => codeBytesOf(value));
    return (await named) + (await sumOf(openStore, nameless(container), ({ value }) => codeBytesOf(value)));
  });
  const storage = usage('bytes of storage', 'storageBytes', (container) =>
    sumOf(openStore, `${STORAGE}${container}`, (item) => inSteps(sizeOfDocument(item))),
  );

  return {
    webtasks,
    code,
    takeNamelessCode(container, text) {
      const key = { partition: nameless(container), sort: sha256Hex(text) };
      return inTurn(`${container}/${key.sort}`, async () => {
        const store = await openStore();
        if (await store.get(key)) return;
        const codeBytes = Buffer.byteLength(text);
        await code.take(container, codeBytes);
        const noted = await store.put(key, { codeBytes }, { expected: null });
        if (!noted.ok) await code.give(container, codeBytes); // another server was sent the same at the same time
      });
    },
    async resizeDocument({ partition }, before, after) {
      const growth = inSteps(after) - inSteps(before);
      if (growth === 0 || !partition.startsWith(STORAGE)) return async () => undefined;
      const container = partition.slice(STORAGE.length);
      if (growth > 0) await storage.take(container, growth);
      return async (isDone) => {
        if (isDone === growth < 0) await storage.give(container, Math.abs(growth));
      };
    },
    checkLogStreams(container, open) {
      const max = settings.logStreams;
      if (max === 0 || open < max) return;
      const setting = QUOTA_VARIABLES.logStreams;
      fail('QUOTA_EXCEEDED', { container, wanted: open + 1, max, what: 'open log streams', setting });
    },
  };
}

function inSteps(bytes: number): number {
  return Math.ceil(bytes / STEP_BYTES) * STEP_BYTES;
}

function codeBytesOf(value: unknown): number {
  return (value as { codeBytes?: number }).codeBytes ?? 0; // a webtask, or as takeNamelessCode wrote it
}

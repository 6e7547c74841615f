import { WebtaskError } from '../../errors.ts';
import type { NamedWebtask, Registry } from '../registry/registry.ts';
import type { Quotas } from './quotas.ts';
import { createTurns } from './turns.ts';

/** Each of them means that another server has written the same name meanwhile. */
const MAX_ATTEMPTS = 100;

/**
 * Makes a registry that counts what it is given, and refuses what is beyond a container's quotas.
 *
 * What a write replaces has to be known, so that a webtask is counted once: every write is conditional. Those of one
 * name wait for each other.
 */
export function createQuotaRegistry(
  registry: Registry,
  { webtasks, code }: Pick<Quotas, 'webtasks' | 'code'>,
): Registry {
  const inTurn = createTurns();

  async function replace(
    webtask: Omit<NamedWebtask, 'version'>,
    before: NamedWebtask | undefined,
    expected: string | null,
  ): Promise<NamedWebtask> {
    const { container } = webtask;
    const bytes = (webtask.codeBytes ?? 0) - (before?.codeBytes ?? 0);
    if (!before) await webtasks.take(container, 1);
    const giveBack = async (): Promise<void> => {
      if (!before) await webtasks.give(container, 1);
    };
    if (bytes > 0)
      await code.take(container, bytes).catch(async (error: unknown) => {
        await giveBack();
        throw error;
      });
    try {
      const written = await registry.putNamed(webtask, expected);
      if (bytes < 0) await code.give(container, -bytes);
      return written;
    } catch (error) {
      // Where the store gave no answer it may have written all the same; then it stays counted.
      if (error instanceof WebtaskError && error.fault === 'caller') {
        await giveBack();
        if (bytes > 0) await code.give(container, bytes);
      }
      throw error;
    }
  }

  return {
    ...registry,
    putNamed(webtask, expected) {
      const { container, name } = webtask;
      return inTurn(`${container}/${name}`, async () => {
        for (let attempt = 1; ; attempt++) {
          const before = await registry.getNamed(container, name);
          const version = before?.version ?? null;
          const isOther = expected !== undefined && expected !== version;
          try {
            // What is not expected is refused without being counted.
            return await (isOther ? registry.putNamed(webtask, expected) : replace(webtask, before, version));
          } catch (error) {
            const isChanged = error instanceof WebtaskError && error.code === 'NAME_CHANGED';
            if (!isChanged || expected !== undefined || attempt === MAX_ATTEMPTS) throw error;
          }
        }
      });
    },
    async removeNamed(container, name) {
      const removed = await registry.removeNamed(container, name);
      if (!removed) return undefined;
      await webtasks.give(container, 1);
      if (removed.codeBytes) await code.give(container, removed.codeBytes);
      return removed;
    },
  };
}

import { storageKey } from '../../context/index.ts';
import type { Documents } from '../../store/index.ts';
import type { Cron } from '../cron/index.ts';
import type { Runner } from '../run/runner.ts';
import type { Registry } from './registry.ts';

/** Where there is something of a webtask. */
export interface WebtaskPlaces {
  readonly registry: Pick<Registry, 'removeNamed'>;
  /** What `context.storage` is kept in. */
  readonly openDocuments: () => Promise<Documents>;
  readonly runner: Pick<Runner, 'forget'>;
  readonly cron: Pick<Cron, 'removeOf'>;
}

/**
 * Deletes a webtask, its storage and its cron job. Its tokens run nothing from then on, since their code is found by its name.
 *
 * @returns whether there was one
 * @see protocol reference 3.6, 6.1
 */
export async function deleteWebtask(
  container: string,
  name: string,
  { registry, openDocuments, runner, cron }: WebtaskPlaces,
): Promise<boolean> {
  const documents = await openDocuments();
  const key = storageKey(container, name);
  // Before, so that a deletion that is cut short can be repeated, and after, for what a last run wrote meanwhile.
  await documents.remove(key);
  await cron.removeOf({ container, name });
  const removed = await registry.removeNamed(container, name);
  await documents.remove(key);
  runner.forget(container, name);
  return removed !== undefined;
}

import { type Documents, documentBytes, type Store } from '../store/index.ts';
import type { OwnHosts } from './edge/own-hosts.ts';
import type { ServerOptions } from './options.ts';
import { createQuotaRegistry, createQuotas, type Quotas, readQuotas } from './quotas/index.ts';
import { type CodeStore, openCodeStore } from './registry/code-store.ts';
import { proveByDns } from './registry/hosts.ts';
import { openDocumentsOf } from './registry/open-documents.ts';
import { type RunRegistry, recallNames } from './registry/recall-names.ts';
import { createRegistry, type Registry } from './registry/registry.ts';
import { keepSweeping } from './registry/sweep-code.ts';

/** What a server keeps, within the quotas of each container. */
export interface ServerData {
  readonly quotas: Quotas;
  /** Webtasks by their names. */
  readonly registry: Registry;
  /** The same, as runs know it. */
  readonly forRuns: RunRegistry;
  /** Their code. */
  readonly codeStore: CodeStore;
  /** What `context.storage` is kept in. */
  readonly openDocuments: () => Promise<Documents>;
  readonly maxCodeBytes: number;
  /** Removes code that no webtask has any more, from time to time. */
  readonly keepSweeping: () => () => void;
}

/** What the original took is not known; code of several files in one needs some. */
const MAX_CODE_BYTES = 5 * 1024 * 1024;

/**
 * Opens what a server keeps.
 *
 * @param openStore - gives the one store
 * @param baseUrl - the public base of URLs, as soon as it is known
 * @throws SETTING_INVALID
 */
export function openData(
  options: ServerOptions,
  openStore: () => Promise<Store>,
  { isOwnHost }: Pick<OwnHosts, 'isOwnHost'>,
  baseUrl: () => string,
): ServerData {
  const maxCodeBytes = options.maxCodeBytes ?? MAX_CODE_BYTES;
  const quotas = createQuotas(readQuotas(options.env), openStore, documentBytes);
  const hostRules = { isOwnHost, prove: options.proveHosts ? proveByDns : undefined };
  const embedded = createQuotaRegistry(createRegistry(openStore, hostRules, maxCodeBytes), quotas);
  const codeStore = openCodeStore(options.env, {
    registry: embedded,
    takeNamelessCode: quotas.takeNamelessCode,
    policy: { publicOnly: true, allowedOrigins: options.allowedOrigins },
    maxCodeBytes,
    baseUrl,
    now: Date.now,
  });
  return {
    quotas,
    ...recallNames(codeStore.registry),
    codeStore,
    openDocuments: openDocumentsOf(openStore, quotas.resizeDocument),
    maxCodeBytes,
    keepSweeping: () => keepSweeping(openStore, embedded),
  };
}

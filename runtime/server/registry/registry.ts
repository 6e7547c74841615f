import { LRUCache } from 'lru-cache';
import { entries } from '../../entries.ts';
import { fail } from '../../errors.ts';
import type { Store } from '../../store/index.ts';
import { type BlobOwner, readBlob } from './blobs.ts';
import { claimHost, type HostRules } from './hosts.ts';
import { createCodeKeeper } from './keep-code.ts';

/** A webtask under its name, as it is stored. */
export interface NamedWebtask {
  readonly container: string;
  readonly name: string;
  /** The token that its runs are authorised by. */
  readonly token: string;
  readonly meta: Readonly<Record<string, string>>;
  /** SHA-256 of its code, where the cluster keeps the code; see {@link Registry.putCode}. */
  readonly code?: string | undefined;
  /** How much that is. */
  readonly codeBytes?: number | undefined;
  /** The custom domain that it claims. */
  readonly host?: string | undefined;
  /** Changes with every write. */
  readonly version: string;
}

/** Which webtasks are listed. */
export interface ListOptions {
  /** How many of those that match are left out. */
  readonly offset: number;
  readonly limit: number;
  /** Metadata that a webtask must have, all of it, as names and values. */
  readonly meta?: readonly (readonly [name: string, value: string])[];
}

/** The named webtasks of a cluster, and the code that it keeps. */
export interface Registry {
  getNamed(container: string, name: string): Promise<NamedWebtask | undefined>;
  /**
   * Creates or replaces a webtask, whole.
   *
   * @param expected - the version that must be there, `null` for none; whatever there is by default
   * @throws NAME_CHANGED, HOST_OWN, HOST_TAKEN, HOST_INVALID, HOST_UNPROVEN
   */
  putNamed(webtask: Omit<NamedWebtask, 'version'>, expected?: string | null): Promise<NamedWebtask>;
  /** Removes a webtask. Gives what it was; `undefined` where there was none. */
  removeNamed(container: string, name: string): Promise<NamedWebtask | undefined>;
  /** Lists the webtasks of a container in the order of their names; without a container, those of all. */
  listNamed(container: string | undefined, options: ListOptions): Promise<NamedWebtask[]>;
  /**
   * Keeps code by its content. Gives its SHA-256 in hexadecimal.
   *
   * @param owner - the webtask that will name it within the hour; without one, the code stays for ever
   * @throws BODY_TOO_LARGE
   */
  putCode(text: string, owner?: BlobOwner): Promise<string>;
  /** Gives the code of that SHA-256. */
  getCode(sha256: string): Promise<string | undefined>;
  /** The container that a custom domain belongs to. */
  containerOfHost(host: string): Promise<string | undefined>;
}

const PAGE = 100;
const MAX_HOST_BYTES = 253;

/**
 * Makes the registry of a cluster over its store.
 *
 * A webtask is one item, so that a write replaces token, metadata and code at once. Its code is written before.
 *
 * @param hosts - which custom domains a webtask may claim
 * @param maxCodeBytes - the largest code that is kept
 * @param now - milliseconds since the epoch
 * @see protocol reference 5.2, 6.1
 */
export function createRegistry(
  openStore: () => Promise<Store>,
  hosts: HostRules,
  maxCodeBytes: number,
  now: () => number = Date.now,
): Registry {
  const codes = createCodeKeeper(now);
  /** Containers that are listed, or about to be. */
  const listed = new Map<string, Promise<unknown>>();
  /** Who owns a host never changes. */
  const owners = new LRUCache<string, string>(entries(10_000));

  async function noteContainer(container: string): Promise<void> {
    const listing =
      listed.get(container) ?? openStore().then((store) => store.put({ partition: 'containers', sort: container }, {}));
    listed.set(container, listing);
    await listing.catch((error: unknown) => {
      listed.delete(container);
      throw error;
    });
  }

  /** Goes through a partition page by page. */
  async function* walk(partition: string) {
    const store = await openStore();
    let after: string | undefined;
    for (;;) {
      const items = await store.list(partition, { after, limit: PAGE });
      yield* items;
      if (items.length < PAGE) return;
      after = items.at(-1)?.sort;
    }
  }

  async function* walkWebtasks(container: string | undefined): AsyncGenerator<NamedWebtask> {
    if (container === undefined) {
      for await (const { sort } of walk('containers')) yield* walkWebtasks(sort);
      return;
    }
    for await (const item of walk(partitionOf(container))) yield toWebtask(item.value, item.version);
  }

  return {
    async getNamed(container, name) {
      const item = await (await openStore()).get({ partition: partitionOf(container), sort: name });
      return item && toWebtask(item.value, item.version);
    },
    async putNamed(webtask, expected) {
      const { container, name, host } = webtask;
      const store = await openStore();
      if (host !== undefined) await claimHost(store, host, container, hosts);
      await noteContainer(container);
      const key = { partition: partitionOf(container), sort: name };
      const before = (await store.get(key))?.value as NamedWebtask | undefined; // as it was written here
      if (before?.code !== webtask.code) await codes.letGo(store, before?.code);
      const written = await store.put(key, webtask, { expected });
      if (!written.ok) return fail('NAME_CHANGED', { name });
      return { ...webtask, version: written.version };
    },
    async removeNamed(container, name) {
      const store = await openStore();
      const key = { partition: partitionOf(container), sort: name };
      let item = await store.get(key);
      while (item) {
        await codes.letGo(store, (item.value as NamedWebtask).code); // as putNamed wrote it
        const removed = await store.remove(key, item.version);
        if (removed.ok) return toWebtask(item.value, item.version);
        item = removed.current;
      }
      return undefined; // of several who remove it at once, one has
    },
    async listNamed(container, { offset, limit, meta = [] }) {
      const found: NamedWebtask[] = [];
      let toSkip = offset;
      if (limit === 0) return found;
      for await (const webtask of walkWebtasks(container)) {
        if (!meta.every(([key, value]) => Object.hasOwn(webtask.meta, key) && webtask.meta[key] === value)) continue;
        if (toSkip-- > 0) continue;
        found.push(webtask);
        if (found.length === limit) break;
      }
      return found;
    },
    async putCode(text, owner) {
      if (Buffer.byteLength(text) > maxCodeBytes) fail('BODY_TOO_LARGE', { maxBytes: maxCodeBytes });
      return codes.keep(await openStore(), text, owner);
    },
    getCode: async (sha256) => readBlob(await openStore(), sha256),
    async containerOfHost(host) {
      const known = owners.get(host);
      if (known !== undefined || Buffer.byteLength(host) > MAX_HOST_BYTES) return known;
      const item = await (await openStore()).get({ partition: 'hosts', sort: host });
      if (!item) return undefined;
      const { container } = item.value as { container: string }; // as claimHost wrote it
      owners.set(host, container);
      return container;
    },
  };
}

function partitionOf(container: string): string {
  return `webtasks/${container}`;
}

function toWebtask(value: unknown, version: string): NamedWebtask {
  return { ...(value as Omit<NamedWebtask, 'version'>), version }; // as putNamed wrote it
}

const CODE_URL = 'webtask://localhost/api/data/code/';

/**
 * The `url` claim of a token whose code the cluster keeps: by name where it has one, so that an update is seen by who
 * holds the token, and by content otherwise.
 *
 * @param code - where the code is
 * @see protocol reference 5.2
 */
export function storedCodeUrl(code: { container: string; name: string } | { sha256: string }): string {
  if ('sha256' in code) return `${CODE_URL}sha256:${code.sha256}`;
  return `${CODE_URL}${encodeURIComponent(`${code.container}/${code.name}`)}`;
}

/**
 * Reads what {@link storedCodeUrl} wrote.
 *
 * @returns `undefined` where the URL is not of the cluster's own code
 */
export function readStoredCodeUrl(url: string): { container: string; name: string } | { sha256: string } | undefined {
  if (!url.startsWith(CODE_URL)) return undefined;
  const rest = url.slice(CODE_URL.length);
  if (rest.startsWith('sha256:')) return { sha256: rest.slice('sha256:'.length) };
  const [container = '', name = ''] = decodeURIComponent(rest).split('/');
  return { container, name };
}

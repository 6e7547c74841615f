import { LRUCache } from 'lru-cache';
import { entries } from '../../entries.ts';
import { fail } from '../../errors.ts';
import { parseToken } from '../../token/index.ts';
import type { CodeStoreClient } from './code-store-webtask.ts';
import type { NamedWebtask, Registry } from './registry.ts';

/** How long another server's update may go unseen here. */
const KNOWN_MS = 10_000;
const REMEMBERED = 20_000;
/** The version of a webtask that only the webtask knows which keeps the code. */
const UNWRITTEN = '';

/** What the webtask said of a name; see {@link CodeStoreClient.getToken}. */
interface Known {
  readonly token: string | null | undefined;
  readonly until: number;
}

/**
 * Makes a registry whose names are resolved by the webtask that keeps the code.
 *
 * That one knows names and tokens only, and has no conditional write. So the embedded registry goes on keeping what
 * lists show and which version comes after which, and a webtask is written there first. What the other side says is
 * believed for ten seconds; a write made here is seen here at once. Names that it never heard of are looked for in the
 * embedded registry, where they are from the time before.
 *
 * @param now - milliseconds
 */
export function createNames(embedded: Registry, store: CodeStoreClient, now: () => number): Registry {
  const known = new LRUCache<string, Known>(entries(REMEMBERED));
  const asking = new Map<string, Promise<Known['token']>>();
  const publishing = new Map<string, Promise<void>>();

  async function ask(key: string, container: string, name: string): Promise<Known['token']> {
    const asked = store.getToken(container, name).catch((cause: unknown) => fail('NAME_UNRESOLVED', {}, { cause }));
    asking.set(key, asked);
    try {
      const token = await asked;
      // It may have been written here meanwhile.
      if (asking.get(key) === asked) known.set(key, { token, until: now() + KNOWN_MS });
      return token;
    } finally {
      if (asking.get(key) === asked) asking.delete(key);
    }
  }

  async function tokenOf(container: string, name: string): Promise<Known['token']> {
    const key = `${container}/${name}`;
    const it = known.get(key);
    if (it && it.until > now()) return it.token;
    return asking.get(key) ?? ask(key, container, name);
  }

  /** Tells the other side what the embedded registry has, until nobody has changed it meanwhile. */
  async function publishNow(container: string, name: string): Promise<void> {
    const key = `${container}/${name}`;
    let webtask = await embedded.getNamed(container, name);
    for (;;) {
      asking.delete(key);
      known.delete(key);
      await store.putToken(container, name, webtask?.token);
      asking.delete(key);
      known.set(key, { token: webtask?.token ?? null, until: now() + KNOWN_MS });
      const current = await embedded.getNamed(container, name);
      if (current?.version === webtask?.version) return;
      webtask = current;
    }
  }

  /** One after another for each name: of two writes at once the other side would keep either. */
  async function publish(container: string, name: string): Promise<void> {
    const key = `${container}/${name}`;
    const before = publishing.get(key) ?? Promise.resolve();
    const mine = before.catch(() => undefined).then(() => publishNow(container, name));
    publishing.set(key, mine);
    try {
      await mine;
    } finally {
      if (publishing.get(key) === mine) publishing.delete(key);
    }
  }

  const registry: Registry = {
    ...embedded,
    async getNamed(container, name) {
      if (store.isItself(container, name)) return embedded.getNamed(container, name);
      const token = await tokenOf(container, name);
      if (token === null) return undefined;
      const item = await embedded.getNamed(container, name);
      return token === undefined ? item : toWebtask(token, container, name, item);
    },
    async putNamed(webtask, expected) {
      const { container, name } = webtask;
      const written = await embedded.putNamed(webtask, expected === UNWRITTEN ? null : expected);
      if (!store.isItself(container, name)) await publish(container, name);
      return written;
    },
    async removeNamed(container, name) {
      if (store.isItself(container, name)) return embedded.removeNamed(container, name);
      const found = await registry.getNamed(container, name);
      if (!found) return undefined;
      await embedded.removeNamed(container, name);
      await publish(container, name);
      return found;
    },
  };
  return registry;
}

function toWebtask(token: string, container: string, name: string, item: NamedWebtask | undefined): NamedWebtask {
  const { meta = {}, host } = parseToken(token).claims;
  // A token from before the names were moved has its metadata beside it only.
  if (item?.token === token) return item;
  const { code, codeBytes, version = UNWRITTEN } = item ?? {};
  return { container, name, token, meta, host, code, codeBytes, version };
}

import { WebtaskError } from '../../../runtime/errors.ts';
import type { Expected, Item, Key, Store, Written } from '../../../runtime/store/index.ts';
import type { World } from './world.ts';

/** What a store does wrong, as probabilities of each call. */
export interface StoreFaults {
  /** Nothing is done, and an error says so: throttling, a refusal. */
  readonly refuse: number;
  /** It is done, and the answer is lost: a time-out, a connection that was reset. */
  readonly lose: number;
  /** An error is answered, and it is done up to half a minute later. */
  readonly late: number;
  /** A list is answered as it was up to so many milliseconds ago: by partition. */
  readonly stale: number;
  /** A list of a log lacks some of its items. */
  readonly partial: number;
}

/** How much the past of each partition may be answered with. Where entries are, no more than the overlap. */
const MAX_STALE_MS = { members: 20_000, log: 20_000, entries: 2_900 } as const;

/** A store of a made-up world, which several processes share. */
export interface VirtualStore {
  /** The store as a process reaches it, whose answers come when the process is there to hear them. */
  connect(deliver: (happen: () => void) => void): Store;
  faults: StoreFaults;
}

type Items = ReadonlyMap<string, Item>;

export const NO_FAULTS: StoreFaults = { refuse: 0, lose: 0, late: 0, stale: 0, partial: 0 };

/** Makes a store that remembers its past. */
export function createVirtualStore(world: World): VirtualStore {
  const { random } = world;
  const past = new Map<string, { readonly at: number; readonly items: Items }[]>();
  let versions = 0;

  function itemsOf(partition: string, at = world.time()): Items {
    return past.get(partition)?.findLast((state) => state.at <= at)?.items ?? new Map();
  }

  function change(partition: string, items: Items): void {
    const states = past.get(partition) ?? [];
    // Nobody reads further back than that.
    past.set(partition, [...states.slice(-200), { at: world.time(), items }]);
  }

  function put({ partition, sort }: Key, value: unknown, expected: Expected): Written {
    const current = itemsOf(partition).get(sort);
    if (expected !== undefined && (current?.version ?? null) !== expected) return { ok: false, current };
    versions += 1;
    const version = `v${versions}`;
    const kept: unknown = JSON.parse(JSON.stringify(value));
    change(partition, new Map(itemsOf(partition)).set(sort, { partition, sort, version, value: kept }));
    return { ok: true, version };
  }

  function remove({ partition, sort }: Key, expected: Expected): Written {
    const current = itemsOf(partition).get(sort);
    if (expected !== undefined && (current?.version ?? null) !== expected) return { ok: false, current };
    const items = new Map(itemsOf(partition));
    items.delete(sort);
    change(partition, items);
    return { ok: true, version: '' };
  }

  function list(partition: string, after: string, limit: number): Item[] {
    const { stale, partial } = state.faults;
    const part = /^revocation\/(members|log)/.exec(partition)?.[1] as 'members' | 'log' | undefined;
    const behind = random.chance(stale) ? random.next() * MAX_STALE_MS[part ?? 'entries'] : 0;
    let items = [...itemsOf(partition, world.time() - behind).values()];
    if (part === 'log' && random.chance(partial)) items = items.filter(() => random.chance(0.5));
    return items
      .filter(({ sort }) => sort > after)
      .sort((a, b) => (a.sort < b.sort ? -1 : 1))
      .slice(0, limit);
  }

  const state: VirtualStore = {
    faults: NO_FAULTS,
    connect(deliver) {
      /** Sends a call there and its answer back, with what can happen on the way. */
      function call<T>(perform: () => T): Promise<T> {
        const { refuse, lose, late } = state.faults;
        const unreachable = (): WebtaskError => new WebtaskError('STORE_UNREACHABLE', { reason: 'so it was decided' });
        return new Promise((resolve, reject) => {
          const there = random.next() * (random.chance(0.02) ? 2_000 : 20);
          const back = random.next() * (random.chance(0.02) ? 2_000 : 20);
          const answer = (happen: () => void): void => world.after(back, () => deliver(happen));
          world.after(there, () => {
            if (random.chance(refuse)) return answer(() => reject(unreachable()));
            if (random.chance(late)) {
              world.after(random.next() * 30_000, () => void perform());
              return answer(() => reject(unreachable()));
            }
            const result = perform();
            if (random.chance(lose)) return answer(() => reject(unreachable()));
            answer(() => resolve(result));
          });
        });
      }
      return {
        get: ({ partition, sort }) => call(() => itemsOf(partition).get(sort)),
        put: (key, value, { expected } = {}) => call(() => put(key, value, expected)),
        remove: (key, expected) => call(() => remove(key, expected)),
        list: (partition, { after = '', limit }) => call(() => list(partition, after, limit)),
        close: async () => undefined,
      };
    },
  };
  return state;
}

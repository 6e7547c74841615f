import { createRecall } from '../recall.ts';
import { hostName } from './hosts.ts';
import type { NamedWebtask, Registry } from './registry.ts';

/** What runs find webtasks in. */
export interface RunRegistry extends Pick<Registry, 'getCode'> {
  /** Finds a webtask, at once where it is remembered. */
  getNamed(container: string, name: string): NamedWebtask | undefined | Promise<NamedWebtask | undefined>;
}

/** A registry, and what runs remember of it. */
export interface RecalledNames {
  /** What is written through it is seen by the next run. */
  readonly registry: Registry;
  readonly forRuns: RunRegistry;
}

/** How long another server's write may go unseen by runs here. */
const KNOWN_MS = 1000;
/** When a name that is in use is looked up again, before that time is over. */
const FRESH_MS = 700;
const REMEMBERED = 20_000;

/**
 * Has runs find webtasks by their names in memory: a look-up in the store takes longer than most runs.
 *
 * A write made here is seen by the next run here; one that is made on another server within a second.
 *
 * @param now - milliseconds
 */
export function recallNames(of: Registry, now: () => number = () => performance.now()): RecalledNames {
  const names = createRecall<NamedWebtask | undefined>(
    (key) => of.getNamed(...namesOf(key)),
    { knownMs: () => KNOWN_MS, freshMs: FRESH_MS, max: REMEMBERED },
    now,
  );
  const hosts = createRecall<string | undefined>(
    of.containerOfHost,
    { knownMs: () => KNOWN_MS, freshMs: FRESH_MS, max: REMEMBERED },
    now,
  );

  /** Also where it fails: nobody knows then what was written. */
  async function write<T>(key: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } finally {
      names.forget(key);
    }
  }

  const registry: Registry = {
    ...of,
    async putNamed(webtask, expected) {
      const { container, name, host } = webtask;
      const written = await write(keyOf(container, name), () => of.putNamed(webtask, expected));
      if (host !== undefined) hosts.forget(hostName(host));
      return written;
    },
    removeNamed: (container, name) => write(keyOf(container, name), () => of.removeNamed(container, name)),
    containerOfHost: async (host) => hosts.get(host),
  };
  const forRuns: RunRegistry = {
    getNamed: (container, name) => names.get(keyOf(container, name)),
    getCode: of.getCode,
  };
  return { registry, forRuns };
}

/** Either may have any character. */
function keyOf(container: string, name: string): string {
  return `${container.length} ${container}${name}`;
}

function namesOf(key: string): [container: string, name: string] {
  const start = key.indexOf(' ') + 1;
  const end = start + Number(key.slice(0, start));
  return [key.slice(start, end), key.slice(end)];
}

import { fail, WebtaskError } from '../errors.ts';
import type { Store } from '../store/index.ts';

/** Says whether a server can answer. */
export interface Readiness {
  /** @throws NOT_READY, with what is missing */
  check(): Promise<void>;
  /** From now on it is not: the server stops. */
  stop(): void;
}

/** Milliseconds. */
const PATIENCE = 2_000;
/** Anybody may ask, and only so often is the store asked: milliseconds. */
const REMEMBERED = 1_000;

/**
 * Makes the check whether a server can answer: its store answers a read in time, and it is not being stopped.
 *
 * The reason that is given away names no host and no file: who asks has shown no credential.
 *
 * @param patience - how long the store may take, in milliseconds
 */
export function createReadiness(openStore: () => Promise<Store>, patience = PATIENCE, now = Date.now): Readiness {
  let isStopping = false;
  let asked = { at: Number.NEGATIVE_INFINITY, answer: Promise.resolve() };

  async function askStore(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, refuse) => {
      timer = setTimeout(
        () => refuse(new WebtaskError('NOT_READY', { reason: 'the store does not answer' })),
        patience,
      );
    });
    try {
      const read = openStore().then((store) => store.get({ partition: 'ready', sort: 'ready' }));
      await Promise.race([read, late]);
    } catch (cause) {
      if (cause instanceof WebtaskError && cause.code === 'NOT_READY') throw cause;
      fail('NOT_READY', { reason: 'the store does not answer' }, { cause });
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    async check() {
      if (isStopping) fail('NOT_READY', { reason: 'it is being stopped' });
      if (now() - asked.at >= REMEMBERED) asked = { at: now(), answer: askStore() };
      await asked.answer;
    },
    stop() {
      isStopping = true;
    },
  };
}

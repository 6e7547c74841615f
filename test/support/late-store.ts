import { WebtaskError } from '../../runtime/errors.ts';
import type { Store } from '../../runtime/store/index.ts';

/** A store of which a test says what becomes of each write. */
export interface LateStore extends Store {
  /** What becomes of the next `put`: done, done without an answer, refused, or done when it arrives. */
  next: 'done' | 'lost' | 'refused' | 'late';
  /** Has what is late arrive. */
  arrive(): Promise<void>;
  /** What was asked, in order. */
  readonly asked: string[];
}

/** Makes one of a store. */
export function lateStore(store: Store): LateStore {
  const underWay: (() => Promise<unknown>)[] = [];
  const unreachable = (): WebtaskError => new WebtaskError('STORE_UNREACHABLE', { reason: 'it took too long' });
  const late: LateStore = {
    ...store,
    next: 'done',
    asked: [],
    async put(...args) {
      const what = late.next;
      late.next = 'done';
      late.asked.push(`put ${args[0].partition}`);
      if (what === 'late') underWay.push(() => store.put(...args));
      if (what === 'lost') await store.put(...args);
      if (what !== 'done') throw unreachable();
      return store.put(...args);
    },
    remove(...args) {
      late.asked.push(`remove ${args[0].partition}`);
      return store.remove(...args);
    },
    list(...args) {
      late.asked.push(`list ${args[0]}`);
      return store.list(...args);
    },
    async arrive() {
      for (const perform of underWay.splice(0)) await perform();
    },
  };
  return late;
}

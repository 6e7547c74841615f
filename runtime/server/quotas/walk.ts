import type { Item, Store } from '../../store/index.ts';

/** How much an item counts for. */
export type SizeOf = (item: Item) => number;

const PAGE = 20;

/** Adds up all items of a partition, page by page. */
export async function sumOf(openStore: () => Promise<Store>, partition: string, sizeOf: SizeOf): Promise<number> {
  const store = await openStore();
  let sum = 0;
  let after: string | undefined;
  for (;;) {
    const items = await store.list(partition, { after, limit: PAGE });
    for (const item of items) sum += sizeOf(item);
    if (items.length < PAGE) return sum;
    after = items.at(-1)?.sort;
  }
}

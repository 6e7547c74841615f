/** Where an item is: all items of a partition can be listed, in the order of their sort keys. */
export interface Key {
  readonly partition: string;
  readonly sort: string;
}

/** A value as it is kept. */
export interface Item extends Key {
  /** Changes with every write, and never comes back. */
  readonly version: string;
  /** Any JSON value. */
  readonly value: unknown;
  /** Seconds since the epoch after which the item is gone. */
  readonly expires?: number | undefined;
}

/** What a write expects to find: that version, `null` for nothing, `undefined` for whatever there is. */
export type Expected = string | null | undefined;

/** What became of a write. A refused one says what is there instead. */
export type Written =
  | { readonly ok: true; readonly version: string }
  | { readonly ok: false; readonly current: Item | undefined };

/**
 * Durable state: one interface, with memory or the DynamoDB API behind it.
 *
 * Every read is consistent and bounded. A write that was acknowledged is kept.
 */
export interface Store {
  get(key: Key): Promise<Item | undefined>;
  put(key: Key, value: unknown, options?: { expected?: Expected; expires?: number | undefined }): Promise<Written>;
  remove(key: Key, expected?: Expected): Promise<Written>;
  /**
   * Lists a partition in the order of sort keys.
   *
   * @param options - `after` is the sort key to go on from, `limit` the most items
   */
  list(partition: string, options: { after?: string | undefined; limit: number }): Promise<Item[]>;
  close(): Promise<void>;
}

/** A store that can be gone through as a whole, which no request waits for. */
export interface WholeStore extends Store {
  /** Gives all items, in no order; of those that are written meanwhile, some. */
  scan(): AsyncIterable<Item>;
}

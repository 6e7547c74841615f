// Placeholder until the store's engineer writes this file whole.
export interface WebtaskStorage {
  get(...args: unknown[]): void;
  set(...args: unknown[]): void;
}
export const createStorage = undefined;

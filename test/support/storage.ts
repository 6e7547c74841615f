import { expect } from 'chai';
import type { WebtaskStorage } from '../../runtime/context/index.ts';

/** An error as a webtask sees it. */
export interface StorageFailure extends Error {
  readonly code?: unknown;
  readonly statusCode?: unknown;
  readonly conflict?: unknown;
}

/** The arguments that a callback was called with. */
export function called(call: (callback: (...args: unknown[]) => void) => void): Promise<unknown[]> {
  return new Promise((resolve) => call((...args) => resolve(args)));
}

/** What is there; expects success. */
export async function get(storage: WebtaskStorage): Promise<unknown> {
  const [error, data] = await called((callback) => storage.get(callback));
  expect(error).to.equal(null);
  return data;
}

/** Sets, and expects success. */
export async function set(storage: WebtaskStorage, data: unknown, options = {}): Promise<void> {
  expect(await called((callback) => storage.set(data, options, callback))).to.deep.equal([]);
}

/** Sets, and expects an error. */
export async function failureOf(storage: WebtaskStorage, data: unknown, options = {}): Promise<StorageFailure> {
  const args = await called((callback) => storage.set(data, options, callback));
  expect(args).to.have.length(1);
  expect(args[0]).to.be.instanceOf(Error);
  return args[0] as StorageFailure; // checked above
}

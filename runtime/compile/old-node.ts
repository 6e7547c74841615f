import { EventEmitter } from 'node:events';
import os from 'node:os';
import util from 'node:util';

const { types } = util;

/** What later versions of Node took away and packages of the original platform's time still call. */
const REMOVED: readonly [of: object, members: Readonly<Record<string, unknown>>][] = [
  [
    util,
    {
      isArray: Array.isArray,
      isBoolean: (it: unknown) => typeof it === 'boolean',
      isBuffer: Buffer.isBuffer,
      isDate: types.isDate,
      isError: (it: unknown) => types.isNativeError(it) || it instanceof Error,
      isFunction: (it: unknown) => typeof it === 'function',
      isNull: (it: unknown) => it === null,
      isNullOrUndefined: (it: unknown) => it === null || it === undefined,
      isNumber: (it: unknown) => typeof it === 'number',
      isObject: (it: unknown) => typeof it === 'object' && it !== null,
      isPrimitive: (it: unknown) => it === null || (typeof it !== 'object' && typeof it !== 'function'),
      isRegExp: types.isRegExp,
      isString: (it: unknown) => typeof it === 'string',
      isSymbol: (it: unknown) => typeof it === 'symbol',
      isUndefined: (it: unknown) => it === undefined,
      log: (...args: unknown[]) => console.log(util.format(...args)),
      puts: (...args: unknown[]) => console.log(args.join('\n')),
      _extend: Object.assign,
    },
  ],
  [os, { tmpDir: os.tmpdir, getNetworkInterfaces: os.networkInterfaces }],
  [process, { EventEmitter }],
  [globalThis, { GLOBAL: globalThis, root: globalThis }],
];

/**
 * Gives this process back what old packages need of Node. What is there stays as it is.
 *
 * Called where packages are provided that the author of the webtask chose years ago, and nowhere else: a project of
 * today should see what its own Node has.
 */
export function restoreRemoved(): void {
  for (const [of, members] of REMOVED) {
    for (const [name, value] of Object.entries(members)) {
      if (!(name in of)) Object.defineProperty(of, name, { value, configurable: true, writable: true });
    }
  }
}

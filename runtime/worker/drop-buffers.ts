import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type CollectGarbage = (options: { readonly type: 'minor' }) => void;

/** Bytes of bodies after which their buffers are dropped. */
const EVERY_BYTES = 8 << 20;

/** As they are before a webtask may replace them. */
const own = { setFlagsFromString, runInNewContext };

let collect: CollectGarbage | undefined;
let passed = 0;

/**
 * Has the buffers of bodies dropped that have gone by, now and then: among the youngest objects, where they are, that
 * takes less than a millisecond. V8 counts their bytes with its own, and would begin to mark all of its heap for them.
 *
 * @param bytes - what has gone by since the last call
 */
export function dropBuffers(bytes: number): void {
  passed += bytes;
  if (passed < EVERY_BYTES) return;
  passed = 0;
  collect ??= findCollect();
  collect({ type: 'minor' });
}

/** Only a context that is made while the flag is set has it, and that is nobody else's. */
function findCollect(): CollectGarbage {
  own.setFlagsFromString('--expose-gc');
  const found = own.runInNewContext('gc') as CollectGarbage; // what that flag gives
  own.setFlagsFromString('--no-expose-gc');
  return found;
}

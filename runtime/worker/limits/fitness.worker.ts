import { EventEmitter } from 'node:events';
import { setImmediate } from 'node:timers'; // the global one is the webtasks'

/** What the platform cannot do without, by where it is; a webtask may replace it, for all that run after it. */
const NEEDED: readonly (readonly [owner: object, name: string | symbol])[] = [
  [globalThis, 'Promise'],
  [globalThis, 'Buffer'],
  [globalThis, 'Map'],
  [JSON, 'parse'],
  [JSON, 'stringify'],
  [Buffer, 'from'],
  [Buffer, 'concat'],
  [Buffer, 'alloc'],
  [Buffer, 'allocUnsafe'],
  [Object, 'assign'],
  [Object, 'entries'],
  [Promise.prototype, 'then'],
  [process, 'nextTick'],
  [Map.prototype, 'get'],
  [Map.prototype, 'set'],
  [Map.prototype, 'delete'],
  [Array.prototype, 'push'],
  [Array.prototype, 'shift'],
  [Array.prototype, 'slice'],
  [Array.prototype, Symbol.iterator],
  [String.prototype, 'slice'],
  [String.prototype, 'split'],
  [Function.prototype, 'call'],
  [Function.prototype, 'apply'],
  [Function.prototype, 'bind'],
  [EventEmitter.prototype, 'emit'],
  [EventEmitter.prototype, 'on'],
];

/**
 * Makes a look at whether the platform's own code can still go on in this process. What was replaced is tried, since
 * many packages replace something by what does the same and more; it is tried once. What works neither as it did nor as
 * it should would spoil the requests of all others.
 *
 * @param onUnfit - is told at once, or at the end of this turn
 * @returns looks
 */
export function watchFitness(onUnfit: () => void): () => void {
  const read = (): unknown[] => NEEDED.map(([owner, name]) => (owner as Record<string | symbol, unknown>)[name]);
  let known = read();

  function isFit(): boolean {
    for (const _ in {}) return false; // every object would have it
    let isSame = true;
    for (let i = 0; i < NEEDED.length; i += 1) {
      const entry = NEEDED[i];
      if (entry && (entry[0] as Record<string | symbol, unknown>)[entry[1]] !== known[i]) isSame = false;
    }
    if (isSame) return true;
    known = read();
    tryLater(onUnfit);
    return works();
  }
  return () => {
    try {
      if (!isFit()) onUnfit();
    } catch {
      onUnfit();
    }
  };
}

/** Whether what is to be called later in this turn is. */
function tryLater(onUnfit: () => void): void {
  let called = 0;
  const call = (): void => {
    called += 1;
  };
  setImmediate(() => {
    if (called !== 2) onUnfit();
  });
  process.nextTick(call);
  Promise.resolve().then(call);
}

function works(): boolean {
  const seen: unknown[] = [];
  const emitter = new EventEmitter();
  emitter.on('event', (value) => seen.push(value));
  emitter.emit('event', 1);
  const isPromise = new Promise((resolve) => resolve(seen.push(2))) instanceof Promise;
  const text = JSON.stringify(JSON.parse('{"a":[1,"b"]}'));
  const bytes = Buffer.concat([Buffer.from(text), Buffer.alloc(1), Buffer.allocUnsafe(1)]);
  const map = new Map([[1, 'one']]);
  map.set(2, 'two').delete(1);
  const [first, ...others] = [...seen, map.get(1), map.get(2)];
  const called = ((a: number, b: number) => a + b).bind(undefined, 1);
  return (
    isPromise &&
    typeof Promise.resolve().then(() => undefined).then === 'function' &&
    text === '{"a":[1,"b"]}' &&
    bytes.length === text.length + 2 &&
    bytes.toString('latin1', 0, text.length) === text &&
    first === 1 &&
    others.join() === '2,,two' &&
    [1, 2].shift() === 1 &&
    'a,b'.split(',').slice(1).join() === 'b' &&
    'abc'.slice(1) === 'bc' &&
    Object.entries(Object.assign({ a: 1 }, { b: 2 })).length === 2 &&
    called(2) + called.call(undefined, 3) + called.apply(undefined, [4]) === 3 + 4 + 5
  );
}

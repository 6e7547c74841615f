import { EventEmitter } from 'node:events';
import { setImmediate } from 'node:timers'; // the global one is the webtasks'

const { prototype: array } = Array;
const { prototype: events } = EventEmitter;
const { prototype: func } = Function;
const { prototype: map } = Map;
const { prototype: promise } = Promise;
const { prototype: string } = String;

/** What the platform cannot do without; a webtask may replace it, for all that run after it. */
const read = () => ({
  Promise: globalThis.Promise,
  Buffer: globalThis.Buffer,
  Map: globalThis.Map,
  parse: JSON.parse,
  stringify: JSON.stringify,
  from: Buffer.from,
  concat: Buffer.concat,
  alloc: Buffer.alloc,
  allocUnsafe: Buffer.allocUnsafe,
  assign: Object.assign,
  entries: Object.entries,
  settle: promise.then,
  nextTick: process.nextTick,
  get: map.get,
  set: map.set,
  delete: map.delete,
  push: array.push,
  shift: array.shift,
  slice: array.slice,
  iterator: array[Symbol.iterator],
  sliceText: string.slice,
  split: string.split,
  call: func.call,
  apply: func.apply,
  bind: func.bind,
  emit: events.emit,
  on: events.on,
});

/** Compared one by one, which takes a tenth of the time of a loop; it is done for each answer. */
function isSame(known: ReturnType<typeof read>): boolean {
  return (
    globalThis.Promise === known.Promise &&
    globalThis.Buffer === known.Buffer &&
    globalThis.Map === known.Map &&
    JSON.parse === known.parse &&
    JSON.stringify === known.stringify &&
    Buffer.from === known.from &&
    Buffer.concat === known.concat &&
    Buffer.alloc === known.alloc &&
    Buffer.allocUnsafe === known.allocUnsafe &&
    Object.assign === known.assign &&
    Object.entries === known.entries &&
    promise.then === known.settle &&
    process.nextTick === known.nextTick &&
    map.get === known.get &&
    map.set === known.set &&
    map.delete === known.delete &&
    array.push === known.push &&
    array.shift === known.shift &&
    array.slice === known.slice &&
    array[Symbol.iterator] === known.iterator &&
    string.slice === known.sliceText &&
    string.split === known.split &&
    func.call === known.call &&
    func.apply === known.apply &&
    func.bind === known.bind &&
    events.emit === known.emit &&
    events.on === known.on
  );
}

/**
 * Makes a look at whether the platform's own code can still go on in this process. What was replaced is tried, since
 * many packages replace something by what does the same and more; it is tried once. What works neither as it did nor as
 * it should would spoil the requests of all others.
 *
 * @param onUnfit - is told at once, or at the end of this turn
 * @returns looks
 */
export function watchFitness(onUnfit: () => void): () => void {
  let known = read();

  function isFit(): boolean {
    for (const _ in {}) return false; // every object would have it
    if (isSame(known)) return true;
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

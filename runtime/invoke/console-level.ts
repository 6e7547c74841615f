import { format } from 'node:util';

/** How much what was printed matters, as bunyan counts: trace, debug, info, warn, error. */
export type OutputLevel = 10 | 20 | 30 | 40 | 50;

const LEVELS = { trace: 10, debug: 20, dir: 30, info: 30, log: 30, warn: 40, error: 50 } as const;

let isWatched = false;
let printing: OutputLevel | undefined;

/** Has {@link consoleLevel} know from now on which method of `console` is printing. */
export function watchConsole(): void {
  if (isWatched) return;
  isWatched = true;
  for (const name of Object.keys(LEVELS) as (keyof typeof LEVELS)[]) {
    const print = name === 'trace' ? printTrace : (console[name] as (...args: unknown[]) => void); // each takes anything
    console[name] = (...args: unknown[]): void => {
      const outer = printing;
      printing ??= LEVELS[name]; // one may print by another
      try {
        Reflect.apply(print, console, args);
      } finally {
        printing = outer;
      }
    };
  }
}

/** Does what Node's does, which would show this file as the place of the call. */
function printTrace(...args: unknown[]): void {
  const trace = { name: 'Trace', message: format(...args), stack: '' };
  Error.captureStackTrace(trace, console.trace);
  console.error(trace.stack);
}

/** The level of the method of `console` that is printing right now, where one is. */
export function consoleLevel(): OutputLevel | undefined {
  return printing;
}

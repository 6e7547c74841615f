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
    const print = console[name] as (...args: unknown[]) => void; // each takes anything
    console[name] = (...args: unknown[]): void => {
      const outer = printing;
      printing ??= LEVELS[name]; // trace() prints by error()
      try {
        Reflect.apply(print, console, args);
      } finally {
        printing = outer;
      }
    };
  }
}

/** The level of the method of `console` that is printing right now, where one is. */
export function consoleLevel(): OutputLevel | undefined {
  return printing;
}

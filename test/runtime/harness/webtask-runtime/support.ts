import { type SimulatedResponse, type SimulateOptions, simulate } from '../../../../runtime/harness/webtask-runtime.ts';

/** A logger that says nothing. */
export const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** What a webtask answers. */
export function simulated(
  webtask: Parameters<typeof simulate>[0],
  options: SimulateOptions = {},
): Promise<SimulatedResponse> {
  return new Promise((resolve) => simulate(webtask, { logger: silent, ...options }, resolve));
}

/** The JSON that a webtask answers. */
// biome-ignore lint/suspicious/noExplicitAny: a test's own reading of its own answer
export async function jsonOf(...args: Parameters<typeof simulated>): Promise<any> {
  return JSON.parse((await simulated(...args)).payload);
}

/** The error that nobody caught, which would have failed the running test. */
export async function uncaughtOf(run: () => void): Promise<unknown> {
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  try {
    return await new Promise((resolve) => {
      process.once('uncaughtException', resolve);
      run();
    });
  } finally {
    for (const listener of listeners) process.on('uncaughtException', listener);
  }
}

/** What the original answers for an error, whatever its stack. */
export const described = (code: number, error: string, details: unknown, rest = {}) =>
  JSON.stringify({ code, error, details, ...rest }, null, 2);

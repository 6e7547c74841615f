import type * as Inspector from 'node:inspector';
import type { Socket as SocketType } from 'node:net';
import { Worker } from 'node:worker_threads';
import { WATCHDOG_DESCRIPTOR } from './watchdog-descriptor.ts';

type Evaluated = Inspector.Debugger.EvaluateOnCallFrameReturnType;

/** The name of the global function that says which run is going on, and where; nobody else's code has one of that name. */
export const WHERE = Symbol.for('webtask-kit.where');

/**
 * Starts a thread that tells the server, whenever it asks, where the code of this process is: also while it lets nothing
 * else run.
 *
 * It looks through the inspector, without a port. What it tells is a diagnosis: nothing depends on it.
 *
 * @param where - says which run is going on, and its stack, in the middle of whatever is running
 */
export function startWatchdog(where: () => { run: string | undefined; stack: string }): void {
  Object.defineProperty(globalThis, WHERE, { value: () => JSON.stringify(where()), enumerable: false });
  const thread = new Worker(`(${watch})(require, ${WATCHDOG_DESCRIPTOR}, ${JSON.stringify(WHERE.description)})`, {
    eval: true,
    env: {},
    execArgv: [],
    // It hardly has anything: what the process may have is for its webtasks.
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 1, codeRangeSizeMb: 4, stackSizeMb: 1 },
  });
  thread.on('error', () => undefined); // the process goes on without
  thread.unref();
}

/**
 * Runs in the thread, as text, so that it must use nothing but its parameters.
 *
 * Whoever closes the pipe has gone, and this process goes too, whatever it is doing.
 */
function watch(require: NodeJS.Require, descriptor: number, where: string): void {
  const { Socket } = require('node:net') as { Socket: typeof SocketType };
  const { Session } = require('node:inspector') as typeof Inspector;
  const pipe = new Socket({ fd: descriptor, readable: true, writable: true });
  pipe.on('error', () => undefined);
  pipe.on('close', () => process.kill(process.pid, 'SIGKILL'));
  pipe.on('data', () => {
    const session = new Session();
    session.connectToMainThread();
    session.once('Debugger.paused', ({ params: { callFrames } }) => {
      const [frame] = callFrames;
      if (frame === undefined) return;
      const expression = `globalThis[Symbol.for(${JSON.stringify(where)})]()`;
      const question = { callFrameId: frame.callFrameId, expression, returnByValue: true, timeout: 500 };
      session.post('Debugger.evaluateOnCallFrame', question, (_error: Error | null, answer?: Evaluated) => {
        const place = String(answer?.result.value).slice(0, 16_000);
        pipe.write(`${Buffer.from(place).toString('base64')}\n`);
        session.post('Debugger.resume', () => session.disconnect());
      });
    });
    session.post('Debugger.enable');
    session.post('Debugger.pause');
  });
}

/**
 * A program: the machine of a test, in a network namespace that leads to nothing but the internet of that test. It has
 * services on its own addresses, and workers.
 */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:http';
import { launchProcess } from '../../../runtime/worker/launch.ts';
import { launchSandbox } from '../../../runtime/worker/launch-sandbox.ts';
import type { NetworkPolicy } from '../../../runtime/worker/network/index.ts';
import { attachNetwork } from '../../../runtime/worker/network/index.ts';
import { findProgram } from '../../../runtime/worker/program.ts';
import { startWorker, type Worker } from '../../../runtime/worker/start-worker.ts';
import { answerOf, runnable } from '../worker.ts';

/** What the test asks for. */
export type Order =
  | { readonly listen: true }
  | { readonly start: NetworkPolicy; readonly isShutIn: boolean }
  | { readonly run: string }
  | { readonly end: true };

const isRoot = process.getuid?.() === 0;
const uid = isRoot ? 200_077 : undefined;
let worker: Worker | undefined;

async function obey(order: Order): Promise<unknown> {
  if ('listen' in order) return listen();
  if ('start' in order) return order.isShutIn ? startShutIn(order.start) : startProcess(order.start);
  if ('run' in order) {
    if (!worker) throw new Error('there is no worker');
    return JSON.parse((await answerOf(worker, runnable(order.run))).body);
  }
  worker?.kill('the test is over');
  return worker?.ended;
}

/** Has services that only the machine itself, or who is behind its firewall, may reach. */
function listen(): void {
  for (const host of ['127.0.0.1', '::1']) createServer((_, response) => response.end('a secret')).listen(8000, host);
  for (const port of [443, 6379]) createServer((_, response) => response.end('a service')).listen(port, '::');
  const echo = createSocket('udp4');
  echo.on('message', (bytes, { address, port }) => echo.send(bytes, port, address)).bind(8000, '127.0.0.1');
}

async function startProcess(policy: NetworkPolicy): Promise<number> {
  const launch = launchProcess(await findProgram(isRoot), { memoryBytes: 128 << 20, files: 256 }, policy);
  worker = await startWorker(launch, (text) => console.error(text));
  return worker.pid;
}

async function startShutIn(policy: NetworkPolicy): Promise<number> {
  const launch = launchSandbox({
    program: await findProgram(isRoot),
    readable: [],
    uid,
    memoryBytes: 128 << 20,
    temporaryBytes: 4 << 20,
    maxProcesses: 64,
    maxFiles: 256,
    hasNetwork: policy !== 'none',
  });
  worker = await startWorker(launch, (text) => console.error(text));
  if (policy !== 'none') await attachNetwork(worker, { policy, uid, resolvers: ['10.77.0.1'] });
  return worker.pid;
}

process.on('message', (order: Order) => {
  obey(order).then(
    (value) => process.send?.({ value }),
    ({ code, message }) => process.send?.({ error: { code, message } }),
  );
});
process.on('disconnect', () => process.exit());

process.send?.('started');

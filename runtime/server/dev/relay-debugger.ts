import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { fail } from '../../errors.ts';

/** A port at which debuggers are taken, for whatever worker there is. */
export interface DebuggerRelay {
  /**
   * Takes what a worker says of the port that it has a debugger at, which from now on is where debuggers get.
   *
   * @param printed - what a worker printed
   * @returns the same, with the port that debuggers are to come to
   */
  lead(printed: string): string;
  close(): void;
}

/**
 * Stands between debuggers and workers. A process does not tell whether one is attached to it, and cannot while it stands
 * at a breakpoint; and the port stays the same when another worker takes its place.
 *
 * Bytes pass as they are: the inspector sees the `Host` of the caller, which it refuses where that is a name of a page
 * elsewhere, and answers with URLs of that host and port.
 *
 * @param port - of 127.0.0.1, 0 for any free one
 * @param onAttached - is told when the first debugger is attached, and when the last one has gone. Who only asks what
 * there is to debug, as browsers do every second, is none
 * @throws INSPECTOR_PORT_TAKEN
 */
export async function relayDebugger(port: number, onAttached: (isAttached: boolean) => void): Promise<DebuggerRelay> {
  let workerPort: number | undefined;
  const open = new Set<Socket>();
  const attached = new Set<Socket>();

  function relay(client: Socket): void {
    if (workerPort === undefined) return void client.destroy(); // whoever restarts comes again
    const worker = connect({ host: '127.0.0.1', port: workerPort, noDelay: true });
    open.add(client);
    worker.on('data', function look(bytes: Buffer) {
      if (!bytes.subarray(0, UPGRADED.length).equals(UPGRADED)) return;
      worker.off('data', look);
      attached.add(client);
      if (attached.size === 1) onAttached(true);
    });
    client.pipe(worker).pipe(client);
    for (const [one, other] of [
      [client, worker],
      [worker, client],
    ] as const) {
      one.on('error', () => undefined); // it closes, too
      one.on('close', () => other.destroy());
    }
    client.on('close', () => {
      open.delete(client);
      if (attached.delete(client) && attached.size === 0) onAttached(false);
    });
  }

  const server = createServer({ noDelay: true }, relay);
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
  } catch (cause) {
    fail('INSPECTOR_PORT_TAKEN', { port }, { cause });
  }
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`; // it listens on TCP
  return {
    lead: (printed) =>
      printed.replace(LISTENING, (_, said: string, itsPort: string) => {
        workerPort = Number(itsPort);
        return said + address;
      }),
    close() {
      server.close();
      for (const client of open) client.destroy();
    },
  };
}

/** What Node prints first where it takes a debugger. */
const LISTENING = /^(Debugger listening on ws:\/\/)127\.0\.0\.1:(\d+)(?=\/)/m;
/** How an inspector begins to talk to a debugger. */
const UPGRADED = Buffer.from('HTTP/1.1 101 ');

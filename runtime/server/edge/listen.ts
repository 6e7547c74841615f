import { once } from 'node:events';
import type { Server } from 'node:http';
import { fail } from '../../errors.ts';

/**
 * Listens, or says why not.
 *
 * @throws SERVE_PORT_TAKEN, SERVE_CANNOT_LISTEN
 */
export async function listen(server: Server, { port, host }: { port: number; host: string }): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException; // of listen(2), or of the look-up of the host
    if (code === 'EADDRINUSE') fail('SERVE_PORT_TAKEN', { port }, { cause: error });
    fail('SERVE_CANNOT_LISTEN', { host, port, reason: message }, { cause: error });
  }
}

/** Milliseconds for which a connection may be idle while its server stops. */
const CLOSING_MS = 20;

/** Stops accepting, lets go of idle connections, and waits for the others to be answered. */
export function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    // A connection that is answered meanwhile is not kept for another request.
    const closing = setInterval(() => server.closeIdleConnections(), CLOSING_MS);
    server.close(() => {
      clearInterval(closing);
      resolve();
    });
    server.closeIdleConnections();
  });
}

import { once } from 'node:events';
import type { Server } from 'node:http';
import { fail } from '../../errors.ts';

/**
 * Listens, or says why not.
 *
 * @throws SERVE_PORT_TAKEN, SERVE_CANNOT_LISTEN
 */
export async function listen(server: Server, { port, host }: { port: number; host: string }): Promise<void> {
  server.on('request', (_req, res) => {
    // A connection that is answered while the server stops is not kept for another request.
    res.once('finish', () => server.listening || server.closeIdleConnections());
  });
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException; // of listen(2), or of the look-up of the host
    if (code === 'EADDRINUSE') fail('SERVE_PORT_TAKEN', { port }, { cause: error });
    fail('SERVE_CANNOT_LISTEN', { host, port, reason: message }, { cause: error });
  }
}

/** Stops accepting, lets go of idle connections, and waits for the others to be answered. */
export function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}

import type { Socket } from 'node:net';
import { expect } from 'chai';
import { overBoth } from '../../../support/both-transports.ts';

/** What a handler notes about its socket, over a real server and over the stand-in alike. */
async function noted(look: (socket: Socket) => unknown): Promise<unknown> {
  const { handler } = await overBoth({
    handle(req, res, note) {
      note(look(req.socket));
      res.end();
    },
  });
  return handler[0];
}

describe('the socket that a request believes to be on', () => {
  it('is open on both sides', async () => {
    expect(await noted((socket) => [socket.readable, socket.writable, socket.destroyed, socket.closed])).to.deep.equal([
      true,
      true,
      false,
      false,
    ]);
  });

  it('is a connection of this machine, without encryption', async () => {
    expect(
      await noted((socket) => [
        socket.remoteAddress,
        socket.remoteFamily,
        socket.localAddress,
        typeof socket.remotePort,
        typeof socket.localPort,
        'encrypted' in socket,
      ]),
    ).to.deep.equal(['127.0.0.1', 'IPv4', '127.0.0.1', 'number', 'number', false]);
  });

  it('can be set up', async () => {
    expect(
      await noted((socket) =>
        [
          socket.setTimeout(1000),
          socket.setNoDelay(true),
          socket.setKeepAlive(true),
          socket.ref(),
          socket.unref(),
          socket.setTimeout(0),
        ].every((itself) => itself === socket),
      ),
    ).to.equal(true);
  });

  it('is gone from the response after the answer, and stays on the request', async () => {
    const { handler } = await overBoth({
      handle(req, res, note) {
        const { socket } = req;
        res.on('close', () => note([res.socket, req.socket === socket, socket.destroyed]));
        res.end();
      },
    });
    expect(handler).to.deep.include([null, true, false]);
  });

  it('says that it was closed, and whether by an error', async () => {
    for (const error of [undefined, new Error('why')]) {
      const { handler } = await overBoth({
        handle(req, _res, note) {
          req.socket.on('error', (reason) => note(reason.message));
          req.socket.on('close', (hadError) => note([hadError, req.socket.destroyed]));
          req.socket.destroy(error);
        },
      });
      expect(handler).to.deep.include([error !== undefined, true]);
    }
  });
});

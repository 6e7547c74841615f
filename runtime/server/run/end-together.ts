import type { ServerResponse } from 'node:http';
import { giveBack } from '../../invoke/index.ts';

/** Answers of which all but the last step is done. */
let ready: ServerResponse[] = [];

/**
 * Ends answers that are ready in the same turn one right after the other. Most of what an answer costs is to wake whoever
 * waits for it, and those who are awake already need not be woken.
 *
 * Held back by its socket, head and body are one piece, and one plain write: `res.end(body)` writes an empty piece after
 * them, which takes a list of pieces.
 *
 * @param res - whose head, with the length of the body, has been given to `writeHead`
 * @param body - a text of which each character is a byte, or bytes
 */
export function endTogether(res: ServerResponse, body: string | Buffer): void {
  const { socket } = res;
  if (!socket) return void res.end(body, 'latin1'); // an answer before it is still under way, or the caller has left
  socket.cork();
  if (typeof body === 'string') res.write(body, 'latin1');
  else res.write(body, (error) => void (error || giveBack(body)));
  if (ready.push(res) === 1) process.nextTick(endAll);
}

function endAll(): void {
  const all = ready;
  ready = [];
  for (const { socket } of all) socket?.uncork();
  for (const res of all) res.end();
}

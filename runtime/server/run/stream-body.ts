import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { giveBack } from '../../invoke/index.ts';

/** Bytes that may wait for the caller before no more is read. */
const MAX_WAITING_BYTES = 256 << 10;

/**
 * Sends the body of an answer as it comes, as fast as the caller takes it, and ends the answer with it.
 *
 * What `pipeline` does between a stream and a generator takes more time than all else that is done with a large body.
 *
 * @param length - what was said of it: no more and no less is let through, since what is too much would be read as the
 * next answer
 * @throws where the body breaks off or has another length, or the caller leaves; it is destroyed then
 */
export function streamBody(body: Readable, res: ServerResponse, length?: number): Promise<void> {
  let sent = 0;
  let isOver = false;
  let isCorked = false;
  const uncork = (): void => {
    if (!isCorked) return;
    isCorked = false;
    res.uncork();
  };
  /** What else is read in this turn of the event loop goes in the same write. */
  const cork = (): void => {
    isCorked = true;
    res.cork();
    setImmediate(uncork);
  };

  return new Promise((resolve, reject) => {
    const breakOff = (): void => {
      if (isOver) return;
      isOver = true;
      body.off('data', take).destroy();
      reject(new Error(length === undefined ? 'the body broke off' : `the body has another length than ${length}`));
    };
    const take = (chunk: Buffer): void => {
      sent += chunk.length;
      if (sent > (length ?? sent)) {
        breakOff();
        return;
      }
      if (!isCorked) cork();
      const isWanted = res.write(chunk, (error) => {
        if (!error) giveBack(chunk);
      });
      if (!isWanted && res.writableLength > MAX_WAITING_BYTES) body.pause();
    };
    const end = (): void => {
      if (sent < (length ?? sent)) {
        breakOff();
        return;
      }
      isOver = true;
      uncork(); // Node 24 would send the end before what is held back
      res.end();
      resolve();
    };
    body.on('data', take).once('end', end).once('error', breakOff).once('close', breakOff);
    res.on('drain', () => body.resume()).once('close', breakOff);
    if (body.destroyed || res.destroyed) breakOff();
  });
}

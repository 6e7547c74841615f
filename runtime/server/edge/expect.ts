import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Tells a caller that holds back its body to go on only when somebody begins to read it: whoever is not let in, or
 * whose webtask wants no body, does not send it for nothing.
 *
 * @returns whether the caller still waits
 * @see RFC 9110 section 10.1.1
 */
export function continueWhenRead(req: IncomingMessage, res: ServerResponse): () => boolean {
  let isWaiting = true;
  const { shouldKeepAlive } = res;
  // What is not sent cannot be told from the next request.
  res.shouldKeepAlive = false;
  const read = req._read;
  req._read = (size) => {
    if (isWaiting && !res.headersSent) {
      isWaiting = false;
      res.shouldKeepAlive = shouldKeepAlive;
      res.writeContinue();
    }
    read.call(req, size);
  };
  return () => isWaiting;
}

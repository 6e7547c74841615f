import { createHash, timingSafeEqual } from 'node:crypto';
import { fail } from '../../errors.ts';

/** Whether a credential is the one that metrics alone may be read with. */
export type IsMetricsReader = (credential: string) => boolean;

const MIN_LENGTH = 16;

/**
 * Makes the check of who may read the metrics beside those who manage the whole cluster: whoever has the token of
 * `WEBTASK_METRICS_TOKEN`, which is good for nothing else.
 *
 * That a request comes from this machine is not enough: so do all that come through a proxy on it, and what webtasks
 * send.
 *
 * @throws SETTING_INVALID
 */
export function createMetricsReaders({ WEBTASK_METRICS_TOKEN: token }: NodeJS.ProcessEnv): IsMetricsReader {
  if (!token) return () => false;
  if (token.length < MIN_LENGTH) {
    fail('SETTING_INVALID', { setting: 'WEBTASK_METRICS_TOKEN', reason: `it has fewer than ${MIN_LENGTH} characters` });
  }
  const expected = digest(token);
  return (credential) => timingSafeEqual(digest(credential), expected);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

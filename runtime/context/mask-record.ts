import { maskSecrets } from './mask.ts';
import { maskCredentials } from './mask-credentials.ts';

const masks = new WeakMap<object, (text: string) => string>();

/**
 * Makes the function that every text passes which is kept or shown outside of the webtask: logs, history, labels. It
 * hides the webtask's secrets, and what gives access whosever it is.
 *
 * It is made once for each object of secrets, so ask for it wherever it is needed.
 *
 * @param secrets - names to values
 * @example
 * maskRecord({ PIN: '12345' })('12345 by Bearer 0a1b2c3d'); // '*** by Bearer ***'
 */
export function maskRecord(secrets: Readonly<Record<string, string>>): (text: string) => string {
  let mask = masks.get(secrets);
  if (!mask) {
    const hideSecrets = maskSecrets(secrets);
    mask = (text) => maskCredentials(hideSecrets(text));
    masks.set(secrets, mask);
  }
  return mask;
}

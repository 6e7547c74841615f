import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { requestId } from '../../invoke/index.ts';
import type { RunOptions } from './options.ts';

/** What `req.x_wt` holds. */
export interface RuntimeParameters {
  readonly container: string;
  readonly req_id: string;
  readonly url_format: 1 | 2 | 3;
  readonly pb: 0 | 1 | 2;
  readonly mb: 0 | 1;
  readonly ectx: Readonly<Record<string, unknown>>;
  readonly pctx: Readonly<Record<string, unknown>>;
  readonly meta: Readonly<Record<string, unknown>>;
  readonly token: string;
}

/**
 * Makes the platform's parameters of one request. They are copies, as if they had come with it.
 *
 * @param flags - what the query says: `webtask_pb` and `webtask_mb` turn parsing and merging on
 * @see protocol reference 3.2
 */
export function platformParameters(options: RunOptions, flags: Readonly<Record<string, unknown>>): RuntimeParameters {
  const { secrets = {}, params = {}, meta = {}, container = 'webtask-local' } = options;
  const given: Pick<RuntimeParameters, 'ectx' | 'pctx' | 'meta'> = JSON.parse(
    JSON.stringify({ ectx: secrets, pctx: params, meta }),
  );
  let token = options.token;
  return {
    container,
    req_id: options.reqId ?? requestId(),
    url_format: options.url_format ?? 3,
    pb: flags.webtask_pb ? 1 : (Number(options.parseBody ?? 0) as 0 | 1 | 2), // of the type of parseBody
    mb: flags.webtask_mb || options.mergeBody ? 1 : 0,
    ...given,
    // Signed when somebody looks at it.
    get token() {
      token ??= signToken(container, options.signature);
      return token;
    },
  };
}

function signToken(container: string, signature = randomText()): string {
  const { sign }: typeof import('jsonwebtoken') = createRequire(import.meta.url)('jsonwebtoken');
  return sign({ ca: [], dd: 1, jti: randomText(), iat: Date.now(), ten: container }, signature);
}

function randomText(): string {
  return randomBytes(24).toString('base64');
}

import type { TenantRevocations } from '../revocation/index.ts';
import type { PublishedLists } from '../status-list/published-lists.ts';
import type { Verifier } from '../verify.ts';
import type { Callers } from './authenticate.ts';
import type { JwtSigner } from './sign-jwt.ts';

/** What the endpoints of one tenant work with. */
export interface EndpointParts {
  /** The `iss` of the tokens that are revoked here. */
  readonly issuer: string;
  /** Tells its genuine access tokens. */
  readonly verifier: Pick<Verifier, 'verifyAsync'>;
  /** The same by every clock that may be: what somebody still takes, or takes already, can be revoked. */
  readonly revocable: Pick<Verifier, 'verifyAsync'>;
  /** Tells its genuine logout tokens; absent where it sends none. */
  readonly logoutVerifier?: Pick<Verifier, 'verifyAsync'> | undefined;
  readonly callers: Callers;
  /** The tenant's denylist. */
  readonly revocation: TenantRevocations;
  /** The status lists that it publishes. */
  readonly statusLists?: PublishedLists | undefined;
  /** Signs answers, where they may be asked for as JWTs. */
  readonly signer?: JwtSigner | undefined;
}

/** Answers one request; it throws what it refuses. */
export type Endpoint = (request: Request, parts: EndpointParts) => Promise<Response>;

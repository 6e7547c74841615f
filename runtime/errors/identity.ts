import type { ErrorEntry } from './entry.ts';

/** Errors of access tokens and of their revocation. */
export const IDENTITY_ERRORS = {
  // verifying
  VERIFIER_OPTION_INVALID: {
    status: 500,
    fault: 'caller',
    text: 'No access token can be verified: the option {option} {reason}.',
  },
  ACCESS_TOKEN_MALFORMED: { status: 401, fault: 'caller', text: 'The access token is malformed: {reason}.' },
  ACCESS_TOKEN_TYPE: {
    status: 401,
    fault: 'caller',
    text: 'The token is of type {typ}, and no access token: that is {allowed}.',
    fix: "Send an access token; or name the type of your issuer's access tokens in the option typ.",
  },
  ACCESS_TOKEN_ALGORITHM: {
    status: 401,
    fault: 'caller',
    text: 'The access token is signed with {alg}, which is not accepted here.',
    fix: 'Accepted are {accepted}, by the option algorithms.',
  },
  ACCESS_TOKEN_KEY_UNKNOWN: {
    status: 401,
    fault: 'caller',
    text: 'The access token is signed with a key that its issuer does not publish.',
  },
  ACCESS_TOKEN_KEY_NOT_LOADED: {
    status: 503,
    fault: 'platform',
    text: 'The key of the access token is not known yet.',
    fix: 'Use verifyAsync, which waits for it; or try again after {retryAfter} s.',
  },
  ACCESS_TOKEN_SIGNATURE: { status: 401, fault: 'caller', text: 'The signature of the access token does not hold.' },
  ACCESS_TOKEN_ISSUER: {
    status: 401,
    fault: 'caller',
    text: 'The access token is from another issuer than {expected}.',
  },
  ACCESS_TOKEN_AUDIENCE: { status: 401, fault: 'caller', text: 'The access token is not meant for {expected}.' },
  ACCESS_TOKEN_EXPIRED: { status: 401, fault: 'caller', text: 'The access token has expired.' },
  ACCESS_TOKEN_NOT_YET_VALID: { status: 401, fault: 'caller', text: 'The access token is not valid yet.' },
  ACCESS_TOKEN_TOO_OLD: {
    status: 401,
    fault: 'caller',
    text: 'The access token was issued more than {maxTokenAge} s ago.',
  },
  ACCESS_TOKEN_CLAIM_MISSING: {
    status: 401,
    fault: 'caller',
    text: 'The access token lacks the claim {claim}.',
    fix: "Have the issuer say it; or name those claims in the option requiredClaims that your issuer's access tokens have.",
  },
  JWKS_UNAVAILABLE: {
    status: 503,
    fault: 'platform',
    text: 'The keys of the issuer cannot be had from {url}: {reason}.',
    fix: 'Try again after {retryAfter} s.',
  },
  // guards
  ACCESS_TOKEN_MISSING: {
    status: 401,
    fault: 'caller',
    text: 'The request has no access token.',
    fix: 'Send one in the header: Authorization: Bearer TOKEN',
  },
  ACCESS_TOKEN_REQUEST: { status: 400, fault: 'caller', text: 'The access token was not sent as it should: {reason}.' },
  ACCESS_TOKEN_BOUND: {
    status: 401,
    fault: 'caller',
    text: 'The access token is bound to a key of its owner, and was sent as one that anybody may use.',
  },
  ACCESS_TOKEN_SCOPE: { status: 403, fault: 'caller', text: 'The access token does not have the scope {scope}.' },
  ACCESS_TOKEN_REVOKED: { status: 401, fault: 'caller', text: 'The access token is revoked.' },
  ACCESS_TOKEN_REVOCATION_UNKNOWN: {
    status: 503,
    fault: 'platform',
    text: 'Whether the access token is revoked cannot be told at the moment.',
    fix: 'Try again after {retryAfter} s.',
  },
  // revocation
  REVOCATION_INVALID: { status: 400, fault: 'caller', text: 'This cannot be revoked: {reason}.' },
  REVOCATION_DATED_AHEAD: {
    status: 400,
    fault: 'caller',
    text: 'A revocation cannot be dated {notBefore}, more than {maxAhead} s ahead{hint}: it would lock out who signs in until then.',
    fix: 'Leave out notBefore to revoke what was issued until now.',
  },
  REVOCATION_OPTION_INVALID: {
    status: 500,
    fault: 'caller',
    text: 'Revocation cannot be opened: the option {option} {reason}.',
  },
  REVOCATION_FEED: {
    status: 503,
    fault: 'platform',
    text: 'The feed of revocations at {url} cannot be read: {reason}.',
  },
  REVOCATION_CLOSED: { status: 500, fault: 'caller', text: 'Revocation was closed before it was ready.' },
  // endpoints of revocation
  REVOCATION_NO_ENDPOINT: { status: 404, fault: 'caller', text: 'There is no endpoint {path} here.' },
  REVOCATION_REQUEST: { status: 400, fault: 'caller', text: 'The request cannot be understood: {reason}.' },
  REVOCATION_TOKEN_TYPE: {
    status: 400,
    fault: 'caller',
    text: 'Only access tokens that are JWTs can be revoked here.',
    fix: 'Revoke a refresh token at its issuer.',
  },
  REVOCATION_OTHER_CLIENT: { status: 400, fault: 'caller', text: 'The token was issued to another client.' },
  REVOCATION_SUBJECT_FORMAT: {
    status: 422,
    fault: 'caller',
    text: 'A subject cannot be found by the format {format}.',
    fix: 'Name it by iss_sub, or by opaque.',
  },
  REVOCATION_NOT_SIGNED: {
    status: 406,
    fault: 'caller',
    text: 'There is no key to sign the answer with.',
    fix: 'Accept application/json; or have whoever runs this set signingKey.',
  },
  CALLER_UNAUTHENTICATED: { status: 401, fault: 'caller', text: 'Who calls could not be found out: {reason}.' },
  CALLER_SCOPE: { status: 403, fault: 'caller', text: 'The caller does not have the scope {scope}.' },
  LOGOUT_TOKEN_INVALID: { status: 400, fault: 'caller', text: 'The token is no logout token: {reason}.' },
  LOGOUT_NOT_CONFIGURED: {
    status: 404,
    fault: 'caller',
    text: 'No logout tokens are taken here.',
    fix: 'Have whoever runs this set logoutAudience, the client_id that the provider names in them.',
  },
  STATUS_LISTS_NOT_CONFIGURED: {
    status: 404,
    fault: 'caller',
    text: 'No status lists are published here.',
    fix: 'Have whoever runs this set signingKey and statusLists.',
  },
  STATUS_LIST_UNKNOWN: {
    status: 404,
    fault: 'caller',
    text: 'There is no status list {list}: there are {count}, from 0.',
  },
  IDENTITY_CONFIG_INVALID: {
    status: 500,
    fault: 'caller',
    text: 'The identity settings cannot be used: {what}: {reason}.',
  },
  IDENTITY_NO_FILE: {
    status: 400,
    fault: 'caller',
    text: 'Which tenants there are is not known.',
    fix: 'Name the file of tenants with --identity, or in WEBTASK_IDENTITY.',
  },
  IDENTITY_WHICH_TENANT: {
    status: 400,
    fault: 'caller',
    text: 'There are several tenants.',
    fix: 'Name one of them with --tenant: {tenants}.',
  },
  IDENTITY_REVOKE_WHAT: {
    status: 400,
    fault: 'caller',
    text: 'What is to be revoked is named {count} times, not once.',
    fix: 'Name it by one of --jti, --sub, --sid, --client and --grant.',
  },
  IDENTITY_TENANT_UNKNOWN: { status: 404, fault: 'caller', text: 'There is no tenant {tenant} here.' },
  // status lists
  STATUS_LIST_INVALID: { status: 400, fault: 'caller', text: 'The status list cannot be used: {reason}.' },
  STATUS_INDEX_OUT_OF_RANGE: {
    status: 400,
    fault: 'caller',
    text: 'The status list has {size} statuses, and none at index {index}.',
  },
} as const satisfies Record<string, ErrorEntry>;

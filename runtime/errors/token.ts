import type { ErrorEntry } from './entry.ts';

/** Errors of tokens and keys. */
export const TOKEN_ERRORS = {
  // token
  TOKEN_MALFORMED: { status: 403, fault: 'caller', text: 'malformed JWT token: {reason}' },
  TOKEN_KEY_UNKNOWN: {
    status: 403,
    fault: 'caller',
    text: 'rejecting request with JWT token signed with untrusted key',
    fix: 'The key {kid} is not among the keys of this cluster: mint the token with one of them, or name its public key in WEBTASK_TRUSTED_KEYS.',
  },
  TOKEN_SIGNATURE: {
    status: 403,
    fault: 'caller',
    text: 'rejecting request with JWT token that fails signature validation',
  },
  TOKEN_EXPIRED: { status: 403, fault: 'caller', text: 'expired JWT token' },
  TOKEN_NOT_YET_VALID: { status: 403, fault: 'caller', text: 'not yet valid JWT token' },
  TOKEN_KEY_CONTAINER: {
    status: 403,
    fault: 'caller',
    text: 'The key {kid} signs tokens of these containers only: {containers}.',
  },
  TOKEN_CONTAINER_PATTERN: {
    status: 403,
    fault: 'caller',
    text: 'The container pattern {ten} cannot be used: {reason}.',
    fix: 'Write it as RE2 reads it, or name the containers one by one, with commas between.',
  },
  TOKEN_CLAIM_UNKNOWN: { status: 400, fault: 'caller', text: 'unsupported claim `{claim}`' },
  TOKEN_CLAIM_TYPE: { status: 400, fault: 'caller', text: 'claim `{claim}` must be of type `{type}`' },
  TOKEN_CANNOT_ISSUE: {
    status: 400,
    fault: 'caller',
    text: 'The authentication webtask token cannot be used to issue new webtask tokens.',
  },
  TOKEN_CLAIM_FIXED: {
    status: 400,
    fault: 'caller',
    text: 'claim `{claim}` cannot be set: the authentication webtask token has its own `{by}`',
  },
  TOKEN_CLAIM_BEYOND: {
    status: 400,
    fault: 'caller',
    text: 'claim `{claim}` cannot go beyond that of the authentication webtask token, which is `{allowed}`',
  },
  TOKEN_CLAIM_CONFLICT: {
    status: 400,
    fault: 'caller',
    text: 'claim `{claim}` cannot be set together with claim `{other}`',
  },
  TOKEN_CLAIM_PATTERN: { status: 400, fault: 'caller', text: 'claim `{claim}` cannot be used: {reason}' },
  TOKEN_CLAIM_NEEDS: { status: 400, fault: 'caller', text: 'claim `{claim}` needs {needed}' },
  TOKEN_CLAIM_RESERVED: {
    status: 400,
    fault: 'caller',
    text: 'claim `{claim}` cannot have {name}: names that begin with WEBTASK_ are reserved',
  },
  TOKEN_CLAIM_SEAL: {
    status: 400,
    fault: 'caller',
    text: 'claim `ectx` cannot be used: the secrets were sealed {reason}',
  },
  TOKEN_REVOKED: { status: 403, fault: 'caller', text: 'token is revoked' },
  TOKEN_REVOCATION_REFUSED: { status: 403, fault: 'caller', text: 'the token cannot be revoked: {reason}' },
  TOKEN_INSPECTION_REFUSED: {
    status: 403,
    fault: 'caller',
    text: 'the token can only be inspected by one that it descends from, without `url` and `ectx`',
  },
  WEBTASK_WITHOUT_CODE: {
    status: 400,
    fault: 'caller',
    text: 'the webtask `{name}` has no code: send claim `code` or claim `url`',
  },
  TOKEN_SUBJECT_INVALID: { status: 400, fault: 'caller', text: 'invalid `token`: {reason}' },
  REVOCATION_UNANSWERED: {
    status: 502,
    fault: 'platform',
    text: 'The webtask that keeps revocations gave no answer: {reason}.',
    fix: 'Look at WEBTASK_REVOCATION_URL, and at what that webtask prints.',
  },
  REVOCATION_CHECK_FAILED: { status: 502, fault: 'platform', text: 'revocation check failed' },
  TOKEN_TOO_LONG: {
    status: 400,
    fault: 'caller',
    text: 'The token would have {length} characters; {max} fit into the header of a request.',
    fix: 'Give the webtask fewer or smaller secrets and parameters.',
  },
  TOKEN_NO_SIGNING_KEY: {
    status: 500,
    fault: 'caller',
    text: 'There is no key to sign tokens with.',
    fix: 'Set WEBTASK_SIGNING_KEY, or let the key file be made by leaving it out.',
  },
  TOKEN_SEAL_UNREADABLE: { status: 403, fault: 'caller', text: 'error decrypting JWT token context: {reason}' },
  TOKEN_SEAL_MISMATCH: {
    status: 403,
    fault: 'caller',
    text: 'error decrypting JWT token context: the secrets were sealed for another container, URL or code',
  },
  SEAL_NO_KEY: {
    status: 500,
    fault: 'caller',
    text: 'Secrets cannot be sealed: there is no key for it, namely {missing}.',
    fix: 'Set {setting}.',
  },
  CERTIFICATE_UNUSABLE: {
    status: 500,
    fault: 'caller',
    text: 'Secrets cannot be sealed to the certificate: {reason}.',
  },
  KEYS_READABLE: {
    status: 500,
    fault: 'caller',
    text: 'The key file {file} may be read by other users.',
    fix: 'Run: chmod 600 {file}',
  },
  KEYS_OUT_OF_REACH: {
    status: 500,
    fault: 'caller',
    text: 'The key file {file} can be neither read nor made: {reason}.',
    fix: 'Give this user the right to it, or name another data folder with --data.',
  },
  KEYS_INVALID: {
    status: 500,
    fault: 'caller',
    text: 'The key file {file} cannot be used: {reason}.',
    fix: 'Restore it; or delete it, which makes every token that was signed with it invalid.',
  },
  KEY_SETTING_INVALID: { status: 500, fault: 'caller', text: '{setting} cannot be used: {reason}.' },
  // keys that are looked at and changed
  KEYS_NONE: {
    status: 400,
    fault: 'caller',
    text: 'There is no key file {file}.',
    fix: 'Name the data folder of the server with --data. A server makes its keys when it is started for the first time.',
  },
  KEYS_BY_SETTING: {
    status: 400,
    fault: 'caller',
    text: 'The key file {file} is not used: the keys are those of WEBTASK_SIGNING_KEY.',
    fix: 'Change them in the settings, as docs/tokens.md says.',
  },
  KEYS_BUSY: {
    status: 409,
    fault: 'caller',
    text: 'The keys are being changed by somebody else: {draft} is there.',
    fix: 'Wait for that. Where nobody is changing them, it was left behind: delete it.',
  },
  KEYS_KID_UNKNOWN: {
    status: 400,
    fault: 'caller',
    text: 'There is no key {kid}.',
    fix: 'Run: webtask keys list',
  },
  KEYS_CURRENT: {
    status: 400,
    fault: 'caller',
    text: 'The key {kid} is the one that signs or seals.',
    fix: 'Run webtask keys rotate before, and remove it when its tokens are gone.',
  },
  KEYS_NO_CERTIFICATE: {
    status: 400,
    fault: 'caller',
    text: 'There is no certificate among the keys.',
    fix: 'Set WEBTASK_CERTIFICATE.',
  },
  KEYS_FILE_EXISTS: {
    status: 400,
    fault: 'caller',
    text: '{file} was not written: {reason}.',
    fix: 'Name another file; none is overwritten.',
  },
  PKCS12_PASSPHRASE: {
    status: 400,
    fault: 'caller',
    text: 'The passphrase is missing, has fewer than {min} characters, or was not typed the same twice.',
    fix: 'Type it when it is asked for, or set WEBTASK_PKCS12_PASSPHRASE. It is no option, since other users could see it.',
  },
  PKCS12_NO_KEY: {
    status: 400,
    fault: 'caller',
    text: 'The private key of the certificate is not here.',
    fix: 'Export it where it is, or set WEBTASK_CERTIFICATE_KEY.',
  },
  DURATION_INVALID: {
    status: 400,
    fault: 'caller',
    text: '"{text}" is no duration.',
    fix: 'Write a whole number and s, m, h or d, such as 30d.',
  },
} as const satisfies Record<string, ErrorEntry>;

import type { ErrorEntry } from './entry.ts';

/** Errors of access tokens and of their revocation. */
export const IDENTITY_ERRORS = {
  // status lists
  STATUS_LIST_INVALID: { status: 400, fault: 'caller', text: 'The status list cannot be used: {reason}.' },
  STATUS_INDEX_OUT_OF_RANGE: {
    status: 400,
    fault: 'caller',
    text: 'The status list has {size} statuses, and none at index {index}.',
  },
} as const satisfies Record<string, ErrorEntry>;

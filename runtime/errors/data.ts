import type { ErrorEntry } from './entry.ts';

/** Errors of what is kept, backed up and moved. */
export const DATA_ERRORS = {
  // store
  STORE_UNREACHABLE: { status: 502, fault: 'platform', text: 'The store did not answer: {reason}.' },
  STORE_NO_TABLE: {
    status: 502,
    fault: 'platform',
    text: 'The DynamoDB table {table} does not exist.',
    fix: 'Create it with the partition key pk and the sort key sk, both of type S.',
  },
  STORE_ITEM_TOO_LARGE: {
    status: 413,
    fault: 'caller',
    text: 'A value of {bytes} bytes is too large; {maxBytes} fit.',
  },
  STORE_OWNER_SILENT: {
    status: 500,
    fault: 'platform',
    text: 'The data folder {folder} belongs to {program}, process {pid}, which does not answer.',
    fix: 'End that process, or wait until it answers: one process at a time serves the store of a folder.',
  },
  STORE_FILES_UNUSABLE: {
    status: 500,
    fault: 'platform',
    text: 'The files of the embedded store in {folder} cannot be opened: {reason}.',
    fix: 'Look at who owns them and at the space that is left; where they are damaged, restore a copy.',
  },
  STORE_FOLDER_FOREIGN: {
    status: 500,
    fault: 'platform',
    text: 'The folder {folder} for the socket of the embedded store belongs to somebody else.',
    fix: 'Use a data folder with a shorter path: its socket is then in it.',
  },
  STORE_FORMAT_NEWER: {
    status: 500,
    fault: 'platform',
    text: 'The store has format {version}, and this program knows those up to {known}.',
    fix: 'Use the version of webtask-kit that wrote it, or a later one.',
  },
  STORE_RESTORE_UNFINISHED: {
    status: 500,
    fault: 'platform',
    text: 'The store is not whole: a restore that began at {since} did not come to its end.',
    fix: 'Run webtask restore with the same file again: it starts over.',
  },
  STORE_IN_USE: {
    status: 500,
    fault: 'caller',
    text: 'The store in {folder} is in use by {program}, process {pid}.',
    fix: 'End that process first.',
  },
  STORE_NOT_EMPTY: {
    status: 500,
    fault: 'caller',
    text: 'The store already holds something; a backup is restored into an empty one only.',
    fix: 'Name another data folder by --data, or an empty table.',
  },
  // backup
  BACKUP_FILE_EXISTS: {
    status: 500,
    fault: 'caller',
    text: '{file} exists, and is not overwritten.',
    fix: 'Choose another name, or remove it first.',
  },
  BACKUP_NOT_WRITTEN: {
    status: 500,
    fault: 'platform',
    text: 'The backup {file} cannot be written: {reason}.',
    fix: 'Look at the path and at the space that is left.',
  },
  BACKUP_UNREADABLE: {
    status: 500,
    fault: 'caller',
    text: 'The backup {file} cannot be read: {reason}. Nothing was restored.',
    fix: 'Use another copy of it.',
  },
  BACKUP_NEWER: {
    status: 500,
    fault: 'caller',
    text: 'The backup {file} is of format {version}, and this program knows those up to {known}. Nothing was restored.',
    fix: 'Use the version of webtask-kit that wrote it, or a later one.',
  },
  BACKUP_NO_KEYS: {
    status: 500,
    fault: 'caller',
    text: 'There is no key file {file} to back up.',
    fix: 'Leave out --with-keys: keys that come from the environment are kept where that comes from.',
  },
  BACKUP_OTHER_KEYS: {
    status: 500,
    fault: 'caller',
    text: '{file} holds other keys than the backup. Nothing was restored.',
    fix: 'Name an empty folder by --data, or move that key file away.',
  },
  STORE_KEY_INVALID: { status: 400, fault: 'caller', text: 'An item cannot have this key: {reason}.' },
  // transfer
  TRANSFER_WITHOUT_TOKEN: {
    status: 500,
    fault: 'caller',
    text: 'No token was given for {server}.',
    fix: 'Pass --token or set WEBTASK_TOKEN. Beside the data folder of the server, this prints one: webtask token mint --container NAME --delegation-depth 1',
  },
  TRANSFER_SERVER_URL: {
    status: 500,
    fault: 'caller',
    text: '{server} is no base of URLs.',
    fix: 'Write scheme and host, such as https://wt.example.com.',
  },
  TRANSFER_PLAIN: {
    status: 500,
    fault: 'caller',
    text: '{server} is refused: token and secrets would be sent unencrypted.',
    fix: 'Use https. Only a server on this machine (127.0.0.1, localhost) is asked over http; a tunnel ends there.',
  },
  TRANSFER_REFUSED: {
    status: 500,
    fault: 'caller',
    text: '{server} refused {what}: {message} ({status}).',
    fix: 'See that the token is one of that server and manages the container.',
  },
  TRANSFER_FAILED: {
    status: 500,
    fault: 'platform',
    text: '{server} did not answer {what}: {reason}.',
    fix: 'See that it is running and that this is its URL, and run it again: what came over stays.',
  },
  TRANSFER_FOLDER_TAKEN: {
    status: 500,
    fault: 'caller',
    text: '{folder} holds something else than an export of {container}.',
    fix: 'Name a new folder, or an empty one.',
  },
  TRANSFER_MANIFEST: {
    status: 500,
    fault: 'caller',
    text: '{file} is no manifest of an export: {reason}.',
    fix: 'Name a folder that webtask export wrote.',
  },
  TRANSFER_PROFILE: {
    status: 500,
    fault: 'caller',
    text: 'The profile {profile} cannot be had from {file}: {reason}.',
    fix: 'wt profile ls lists them.',
  },
  TRANSFER_SOURCE: {
    status: 500,
    fault: 'caller',
    text: 'What is imported is a folder, or by --profile the webtasks of a profile of wt-cli; one of them must be given.',
  },
} as const satisfies Record<string, ErrorEntry>;

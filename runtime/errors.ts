/** Who has to act on an error. It decides exit code, log level and whether a stack is shown. */
export type Fault = 'caller' | 'webtask' | 'platform';

interface ErrorEntry {
  /** The HTTP status the error becomes. */
  readonly status: number;
  readonly fault: Fault;
  /** What happened to what, and why. `{name}` is filled from the error's fields. */
  readonly text: string;
  /** What to do about it. `{name}` is filled as in `text`. */
  readonly fix?: string;
}

/** Every error: its code, the HTTP status it becomes, who has to act, its text and the way out. */
export const ERRORS = {
  // compile
  COMPILE_FAILED: { status: 400, fault: 'webtask', text: 'Compilation failed: {reason}' },
  COMPILE_RETURN_IN_MODULE: {
    status: 400,
    fault: 'webtask',
    text: 'Compilation failed: {place} returns at top level, which an ES module cannot do.',
    fix: 'Use export default in place of the return, or require() in place of import and export.',
  },
  COMPILE_SIGNATURE: {
    status: 400,
    fault: 'webtask',
    text: 'The JavaScript function must have one of the following signatures: ([ctx], callback) or (ctx, req, res). It has {length} parameters.',
    fix: 'Parameters with a default and rest parameters do not count, nor do any after them.',
  },
  MODULE_VERSION_MISSING: {
    status: 400,
    fault: 'webtask',
    text: "Compilation failed: Cannot find module '{name}' in version {version}; {found} is installed.",
    fix: 'Install it with: npm install {name}@{version}',
  },
  COMPILE_NOT_A_FUNCTION: {
    status: 400,
    fault: 'webtask',
    text: 'Supplied code must return or export a function. It exported {exported}.',
    fix: 'Assign a function to module.exports, return one at top level, or use export default.',
  },
  // modules
  MODULE_INVALID: {
    status: 400,
    fault: 'caller',
    text: '{name}@{version} names no package in one exact version.',
    fix: 'Write the name and the whole version, such as lodash@4.17.4.',
  },
  MODULE_UNKNOWN: {
    status: 400,
    fault: 'webtask',
    text: "Compilation failed: Cannot find module '{module}': the registry does not have it.",
    fix: 'Ask for a package and version that the registry has.',
  },
  MODULE_DAMAGED: {
    status: 502,
    fault: 'platform',
    text: 'The module {module} was refused: {reason}.',
  },
  MODULE_UNAVAILABLE: {
    status: 502,
    fault: 'platform',
    text: 'The module {module} is not on this server, and could not be fetched from the registry: {reason}.',
    fix: 'Look at the network and at the registry that npm is set to; what this server has fetched before works without.',
  },
  COMPILE_DEPENDENCIES: {
    status: 400,
    fault: 'webtask',
    text: 'Compilation failed: the metadata wt-node-dependencies cannot be used: {reason}.',
    fix: 'Write a JSON object, with the exact version of each name.',
  },
  COMPILER_INVALID: {
    status: 400,
    fault: 'webtask',
    text: 'Compilation failed: the compiler {name} is not a function, but {found}.',
    fix: 'Name a module that exports a function (options, callback) in wt-compiler, or module/export, or a URL.',
  },
  COMPILER_URL_REFUSED: {
    status: 400,
    fault: 'webtask',
    text: 'Compilation failed: {url} is not fetched here.',
    fix: 'Name the compiler or middleware by its module.',
  },
  COMPILER_SILENT: {
    status: 400,
    fault: 'webtask',
    text: 'Compilation failed: the compiler {name} did not call back within {limitMs} ms.',
  },
  // context
  BODY_TOO_LARGE: {
    status: 400,
    fault: 'caller',
    text: 'Script exceeds the size limit.',
    fix: 'Send a body of at most {maxBytes} bytes, or stream it to a webtask (context, req, res).',
  },
  CREATE_TOKEN_UNSUPPORTED: {
    status: 501,
    fault: 'webtask',
    text: "The '{method}' method is not supported in this environment",
  },
  CREATE_TOKEN_NO_PARENT: {
    status: 403,
    fault: 'webtask',
    text: 'No token can be created: the token of this run is not shared with the webtask.',
    fix: 'Run it under a name or by a token with the URL of its code, or add webtask_share_token=1 to the query.',
  },
  CREATE_TOKEN_OPTIONS: {
    status: 400,
    fault: 'webtask',
    text: 'No token can be created: the options are neither the URL of code nor an object, or issuer_url is no URL.',
  },
  CREATE_TOKEN_ISSUER: {
    status: 502,
    fault: 'webtask',
    text: 'No token can be created by the issuer {issuer}: {reason}.',
  },
  // invoke
  RUN_TIMED_OUT: {
    status: 504,
    fault: 'webtask',
    text: '{webtask} did not answer within {limitMs} ms.',
    fix: 'Call the callback, or end the response, on every path.',
  },
  RUN_CONNECTION_CLOSED: {
    status: 502,
    fault: 'webtask',
    text: '{webtask} closed the connection without an answer.',
  },
  RUN_CUT_OFF: {
    status: 502,
    fault: 'webtask',
    text: '{webtask} closed the connection before its answer was whole.',
  },
  // worker
  WORKER_FRAME_INVALID: {
    status: 502,
    fault: 'platform',
    text: 'A worker and its server do not understand each other: {reason}.',
  },
  WORKER_ENDED: {
    status: 502,
    fault: 'webtask',
    text: 'worker recycled: {reason}',
    fix: 'Send the request again where that does no harm.',
  },
  WORKERS_BUSY: {
    status: 503,
    fault: 'platform',
    text: 'All {max} workers are busy, and enough requests wait for one.',
    fix: 'Try again after {retryAfter} s.',
  },
  SANDBOX_UNAVAILABLE: {
    status: 500,
    fault: 'platform',
    text: 'Webtasks cannot be shut in here: {reason}.',
    fix: 'Install bubblewrap (apt-get install bubblewrap), or choose another isolation.',
  },
  WORKER_NOT_STARTED: {
    status: 503,
    fault: 'platform',
    text: 'No worker could be started: {reason}.',
  },
  // project
  PROJECT_INVALID: { status: 500, fault: 'caller', text: '{file} cannot be used: {reason}.' },
  SECRET_MISSING: {
    status: 500,
    fault: 'caller',
    text: 'The secret {name} is neither in the environment nor in .env.',
    fix: 'Add this line to .env: {name}=…',
  },
  SECRET_RESERVED: {
    status: 400,
    fault: 'caller',
    text: 'The name {name} is reserved: what begins with WEBTASK_ never becomes a secret.',
    fix: 'Give the secret another name.',
  },
  // harness
  HARNESS_NO_FILE: {
    status: 500,
    fault: 'caller',
    text: 'The webtask {file} cannot be read.',
    fix: 'Paths of webtasks are taken from the working directory.',
  },
  HARNESS_NAME_TWICE: {
    status: 500,
    fault: 'caller',
    text: 'Both {first} and {second} would be the webtask {name}.',
    fix: 'Rename one of them: a webtask is built, served and stored by its name.',
  },
  HARNESS_PROBLEM: { status: 500, fault: 'webtask', text: '{problem}' },
  HARNESS_DATE_NOT_FROZEN: {
    status: 500,
    fault: 'caller',
    text: 'The date cannot be moved while it runs.',
    fix: 'Call freezeDate() first.',
  },
  INSPECTOR_PORT_TAKEN: {
    status: 500,
    fault: 'caller',
    text: 'A debugger cannot be waited for: port {port} is taken.',
    fix: 'End the other debugging session, or choose a port: NODE_OPTIONS=--inspect-port=0',
  },
  RUN_NO_FILE: { status: 500, fault: 'caller', text: 'The webtask {file} cannot be read.', fix: 'Check its path.' },
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
  // token: keys that are looked at and changed
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
  // code
  CODE_URL_INVALID: {
    status: 400,
    fault: 'caller',
    text: 'The code of the webtask cannot be fetched from {url}: {reason}.',
  },
  CODE_ADDRESS_REFUSED: {
    status: 403,
    fault: 'caller',
    text: 'The code of the webtask cannot be fetched from {url}: {address} is not a public address.',
    fix: 'If this server may fetch from there, start it with --allow-origin {origin}',
  },
  CODE_UNREACHABLE: {
    status: 502,
    fault: 'platform',
    text: 'The code of the webtask cannot be fetched from {url}: {reason}.',
  },
  CODE_STATUS: {
    status: 502,
    fault: 'caller',
    text: 'The code of the webtask cannot be fetched from {url}: the answer was {status}.',
    fix: 'A private repository needs a server that may read it, or a token with the code in its request.',
  },
  CODE_TOO_LARGE: { status: 502, fault: 'caller', text: 'The code at {url} is larger than {maxBytes} bytes.' },
  CODE_TIMED_OUT: { status: 504, fault: 'platform', text: 'The code at {url} did not arrive within {timeoutMs} ms.' },
  CODE_REDIRECTS: { status: 502, fault: 'caller', text: 'The code at {url} is behind more than {max} redirects.' },
  CODE_HASH_MISMATCH: {
    status: 403,
    fault: 'caller',
    text: 'The code at {url} is not the code that the token was minted for: its SHA-256 is {found}, not {expected}.',
    fix: 'Mint a new token for the code as it is now, with wt-build.',
  },
  // build
  GIT_MISSING: {
    status: 500,
    fault: 'caller',
    text: 'git cannot be started, and says at which commit the code is.',
    fix: 'Install git.',
  },
  GIT_FAILED: { status: 500, fault: 'caller', text: 'git {command} failed: {reason}' },
  BUILD_NO_CHECKOUT: {
    status: 400,
    fault: 'webtask',
    text: '{file} is in no git checkout. A token pins the code at a commit.',
    fix: 'Build in a clone of its repository, or say where the code is with --url.',
  },
  BUILD_NO_COMMIT: {
    status: 400,
    fault: 'webtask',
    text: 'The checkout {folder} has no commit yet. A token pins the code at a commit.',
    fix: 'Commit, and push.',
  },
  BUILD_MODIFIED: {
    status: 400,
    fault: 'webtask',
    text: '{file} has changes that are not in commit {commit}. A token pins the code at a commit.',
    fix: 'Commit them, or pass --allow-dirty to mint a token for your working copy.',
  },
  BUILD_UNTRACKED: {
    status: 400,
    fault: 'webtask',
    text: '{file} is not in commit {commit}. A token pins the code at a commit.',
    fix: 'Commit it, or pass --allow-dirty to mint a token for your working copy.',
  },
  BUILD_LFS: {
    status: 400,
    fault: 'webtask',
    text: '{file} is stored in Git LFS: its raw URL answers with a pointer, not with the code.',
    fix: 'Take it out of LFS in .gitattributes and commit it again, or say where the code is with --url.',
  },
  BUILD_NOT_PUSHED: {
    status: 400,
    fault: 'webtask',
    text: '{file} cannot be fetched by a server: commit {commit} is on no branch of {remote}.',
    fix: 'Run: git push',
  },
  BUILD_REF_UNKNOWN: {
    status: 400,
    fault: 'caller',
    text: 'The commit {ref} is not in this checkout, so the hash of its code is unknown.',
    fix: 'Run: git fetch',
  },
  BUILD_ENV_TRACKED: {
    status: 400,
    fault: 'webtask',
    text: '{file} is kept by git, so whoever can read the repository can read its secrets.',
    fix: 'Run git rm --cached {file}, add it to .gitignore, commit, and replace the secrets that it holds.',
  },
  BUILD_NO_REMOTE: {
    status: 400,
    fault: 'webtask',
    text: 'The URL of {file} is unknown: the checkout has {found}.',
    fix: 'Name the repository with --repo OWNER/REPO, or say where the code is with --url.',
  },
  BUILD_REPOSITORY_INVALID: {
    status: 400,
    fault: 'caller',
    text: '{source} names no repository OWNER/REPO on a GitHub server: {text}',
    fix: 'Name the repository with --repo OWNER/REPO, or say where the code is with --url.',
  },
  BUILD_BESIDE: {
    status: 400,
    fault: 'webtask',
    text: "{place} requires '{module}', a file beside it. A token names one file, and a server fetches no other.",
    fix: 'Move that code into the webtask, publish it as a package, or (a path that begins with a dot) upload the files as one with --bundle --cluster.',
  },
  BUILD_UNDECLARED: {
    status: 400,
    fault: 'webtask',
    text: "{place} requires '{module}', which package.json does not declare.",
    fix: 'Run npm install --save-dev {name}, or name the version in the code: {name}@1.2.3.',
  },
  BUILD_UNLOCKED: {
    status: 400,
    fault: 'webtask',
    text: "{place} requires '{module}', whose exact version is unknown: {reason}.",
    fix: 'Run npm install and commit package-lock.json, or name the version in the code: {name}@1.2.3.',
  },
  BUILD_LOCK_INVALID: {
    status: 400,
    fault: 'webtask',
    text: '{file} cannot be used: {reason}.',
    fix: 'Run: npm install',
  },
  BUILD_UNFETCHABLE: {
    status: 400,
    fault: 'webtask',
    text: 'No token was minted for {file}: {reason}',
    fix: 'A server fetches the code from there without credentials. If it is elsewhere, say where with --url, such as https://raw.HOST/… on a GitHub Enterprise Server with subdomain isolation. Of a private repository, --cluster with --bundle uploads the code; --offline mints without asking.',
  },
  BUILD_BYTES_DIFFER: {
    status: 400,
    fault: 'webtask',
    text: 'No token was minted for {file}: {url} answers with other code, whose SHA-256 is {found} and not {expected}.',
    fix: 'Correct --repo, --ref or --url; --offline mints without comparing.',
  },
  BUILD_ONE_FILE: {
    status: 400,
    fault: 'caller',
    text: '{option} is for one webtask, and {count} would be built.',
    fix: 'Name one file.',
  },
  BUILD_NAME_TWICE: {
    status: 400,
    fault: 'caller',
    text: 'Both {first} and {second} would be the webtask {name}.',
    fix: 'Rename one of them, or build them one by one.',
  },
  // build: webtasks of several files
  BUILD_BUNDLE_ALONE: {
    status: 400,
    fault: 'caller',
    text: '--bundle needs --cluster: the code is made of several files, so no URL of the repository answers with it, and it has to be uploaded.',
    fix: 'Name the server with --cluster and --token, or keep each webtask in one file.',
  },
  BUILD_BUNDLE_FAILED: {
    status: 400,
    fault: 'webtask',
    text: '{file} cannot be made one text: {reason}.',
  },
  BUILD_BUNDLE_IMPORT: {
    status: 400,
    fault: 'webtask',
    text: "{file} has import('{module}'), which Node would look for as a file, and a server has none.",
    fix: "Use require('{module}'), or import it at the top.",
  },
  BUILD_BUNDLE_OWN_TEXT: {
    status: 400,
    fault: 'webtask',
    text: '{file} {what}, and a bundle on a server is no such file and has none of these.',
    fix: 'Put the text into a string, or into a module that exports it.',
  },
  BUILD_BUNDLE_TOO_LARGE: {
    status: 400,
    fault: 'webtask',
    text: '{file} has {bytes} bytes as one text, which is more than {cluster} takes.',
    fix: 'Leave something out, or move it into a package; a server takes 5 MB unless webtask serve --max-code says otherwise.',
  },
  // build: tokens that a cluster issues
  BUILD_CLUSTER_TOKEN: {
    status: 400,
    fault: 'caller',
    text: '{given} is given without {missing}.',
    fix: 'A cluster issues tokens with both: wt-build --cluster https://wt.example.com --token TOKEN.',
  },
  BUILD_CLUSTER_URL: {
    status: 400,
    fault: 'caller',
    text: '--cluster {cluster} is no base of URLs.',
    fix: 'Write scheme and host, such as https://wt.example.com.',
  },
  BUILD_CLUSTER_PLAIN: {
    status: 400,
    fault: 'caller',
    text: '--cluster {cluster} is refused: the token and the secrets would be sent unencrypted.',
    fix: 'Use https. Only a cluster on this machine (127.0.0.1, localhost) is asked over http.',
  },
  BUILD_CLUSTER_REFUSED: {
    status: 400,
    fault: 'caller',
    text: '{cluster} issued no token for {file}: {message} ({status}).',
    fix: 'Ask for what the token of --token allows; or give one that allows it, which the cluster mints with: webtask token mint --container NAME --delegation-depth 1',
  },
  BUILD_CLUSTER_FAILED: {
    status: 502,
    fault: 'platform',
    text: '{cluster} issued no token for {file}: {reason}.',
    fix: 'See that it is running and that --cluster is its URL, and build again.',
  },
  BUILD_CLUSTER_ANSWER: {
    status: 502,
    fault: 'platform',
    text: '{cluster} answered with something else than the token for {file}: claim `{claim}` is not what was asked for.',
    fix: 'See that --cluster is the URL of a webtask server.',
  },
  // server
  SETTING_INVALID: { status: 500, fault: 'caller', text: '{setting} cannot be used: {reason}.' },
  NAME_CHANGED: {
    status: 409,
    fault: 'caller',
    text: 'the webtask `{name}` was changed at the same time',
    fix: 'Read it, and send the change again.',
  },
  NAME_INVALID: {
    status: 400,
    fault: 'caller',
    text: 'a webtask cannot be named `{name}`',
    fix: 'Use letters, digits and -._~!$+=:@ only.',
  },
  WEBTASK_UNKNOWN: { status: 404, fault: 'caller', text: 'there is no webtask `{name}` in `{container}`' },
  HOST_INVALID: {
    status: 400,
    fault: 'caller',
    text: 'the host `{host}` is no DNS name',
    fix: 'Write the name alone, such as shop.example.com: no port and no IP address, and an international name as xn--.',
  },
  HOST_OWN: { status: 403, fault: 'caller', text: "the host `{host}` is one of this cluster's own" },
  HOST_TAKEN: { status: 403, fault: 'caller', text: 'the host `{host}` belongs to another container' },
  HOST_UNPROVEN: {
    status: 403,
    fault: 'caller',
    text: 'the host `{host}` has no TXT record that says it is for this container',
    fix: 'Add a TXT record to {host}: {record}',
  },
  CODE_MISSING: { status: 404, fault: 'platform', text: 'the code of the webtask is not in the store' },
  STORAGE_CHANGED: {
    status: 409,
    fault: 'caller',
    text: 'the document was changed since it was read',
    fix: 'Read it, and send the change with its etag.',
  },
  LIST_TOO_LARGE: {
    status: 413,
    fault: 'caller',
    text: 'the code of these webtasks has more than {max} characters',
    fix: 'Ask for fewer at once, with limit and offset.',
  },
  NOT_CACHED: { status: 404, fault: 'caller', text: 'nothing of `{what}` is cached' },
  CREDENTIAL_MISSING: {
    status: 403,
    fault: 'caller',
    text: 'rejecting request without Authorization header or key URL query parameter',
  },
  CREDENTIAL_UNEXPECTED: {
    status: 403,
    fault: 'caller',
    text: 'rejecting request with unexpected Authorization header',
  },
  CREDENTIAL_OPAQUE: { status: 403, fault: 'caller', text: 'rejecting request with untrusted opaque key' },
  ADMIN_REFUSED: {
    status: 403,
    fault: 'caller',
    text: 'insufficient permissions to call administrative API',
  },
  CONTAINER_REFUSED: {
    status: 403,
    fault: 'caller',
    text: 'not authorized to perform operation on tenant `{container}`',
  },
  NAME_UNKNOWN: { status: 404, fault: 'caller', text: 'unable to resolve jtn to webtask token' },
  // management
  AUDIT_UNWRITABLE: {
    status: 503,
    fault: 'platform',
    text: 'the request was refused, since no record of it can be written: {reason}',
    fix: 'Look at the space that is left, and at who owns the folder audit in the data folder.',
  },
  NOT_READY: { status: 503, fault: 'platform', text: 'the server is not ready: {reason}' },
  API_TIMED_OUT: {
    status: 504,
    fault: 'platform',
    text: 'the request was not answered within {limitMs} ms',
    fix: 'Look at the store and at what else the request needs. What was asked may have been done nevertheless.',
  },
  ROUTE_UNKNOWN: { status: 404, fault: 'caller', text: 'there is nothing at {method} {path}' },
  RUN_WITHOUT_CODE: {
    status: 400,
    fault: 'caller',
    text: 'the request has no code to run: send it as the body of a POST, or its URL as webtask_url',
  },
  DEV_HOST: {
    status: 403,
    fault: 'caller',
    text: 'the development server answers requests to localhost only, not to {host}',
  },
  DEV_UNKNOWN: { status: 404, fault: 'caller', text: 'there is no webtask at {path}; these are here: {known}' },
  DEV_NAME_TWICE: {
    status: 500,
    fault: 'caller',
    text: 'Both {first} and {second} would be at /{name}.',
    fix: 'Rename one of them, or name the files to serve.',
  },
  DEV_NO_WEBTASKS: {
    status: 500,
    fault: 'caller',
    text: 'There are no webtasks in {folder}.',
    fix: 'Write one with: webtask new hello',
  },
  SERVE_NOT_ISOLATED: {
    status: 500,
    fault: 'caller',
    text: 'The server runs webtasks without a wall around them, and so does not listen on {host}.',
    fix: 'Listen on 127.0.0.1.',
  },
  SERVE_PORT_TAKEN: {
    status: 500,
    fault: 'caller',
    text: 'Port {port} is taken by another program.',
    fix: 'Choose another with --port, or --port 0 for any free one.',
  },
  REQUEST_INVALID: { status: 400, fault: 'caller', text: '{reason}' },
  SERVE_CANNOT_LISTEN: {
    status: 500,
    fault: 'caller',
    text: 'The server cannot listen on port {port} of {host}: {reason}.',
    fix: 'Choose others with --port and --host.',
  },
  REQUEST_MALFORMED: { status: 400, fault: 'caller', text: 'the request cannot be read as HTTP/1.1: {reason}' },
  REQUEST_HEADERS_TOO_LARGE: { status: 431, fault: 'caller', text: 'the headers of the request are too large' },
  REQUEST_TOO_SLOW: { status: 408, fault: 'caller', text: 'the request did not arrive in time' },
  INTERNAL: { status: 500, fault: 'platform', text: 'the server met an error that it did not foresee' },
  // limits
  LIMIT_EXCEEDED: {
    status: 429,
    fault: 'caller',
    text: 'the rate limit `{claim}` of {whose} is used up: {limit} per {period}',
    fix: 'Send the request again in {retryAfter} seconds.',
  },
  LIMIT_UNCHARGED: {
    status: 503,
    fault: 'platform',
    text: 'the run cannot be counted in the rate limits of its token, and so does not begin: {reason}',
    fix: 'Look at the store; send the request again.',
  },
  // quotas
  QUOTA_EXCEEDED: {
    status: 403,
    fault: 'caller',
    text: 'the container `{container}` would have {wanted} {what}, and may have {max}',
    fix: 'Make room, or have the quota of the server raised: {setting}.',
  },
  // code store
  CODE_STORE_UNANSWERED: {
    status: 502,
    fault: 'platform',
    text: 'the webtask that keeps code gave no answer: {reason}',
    fix: 'Look at WEBTASK_CODE_STORE_URL, and at what that webtask prints.',
  },
  RENEWAL_WITHOUT_URL: {
    status: 500,
    fault: 'caller',
    text: 'The webtask that keeps code knows names by the host of the server, and it was not said which that is.',
    fix: 'Set WEBTASK_URL as the server has it, or to where it listens.',
  },
  NAME_UNRESOLVED: { status: 502, fault: 'platform', text: 'unable to resolve jtn to webtask token' },
  TOKEN_CLAIM_OWN: {
    status: 400,
    fault: 'caller',
    text: 'claim `url` cannot be at {origin}: that is where this cluster keeps code',
    fix: 'Send the code as claim `code`, or start the server with --allow-origin {origin}',
  },
  // edge
  URL_TOO_LONG: { status: 414, fault: 'caller', text: 'the URL of the request is too long' },
  METHOD_REFUSED: { status: 501, fault: 'caller', text: 'the method {method} is not served' },
  UPGRADE_REFUSED: {
    status: 501,
    fault: 'caller',
    text: 'this server speaks HTTP/1.1 only, and opens no web sockets',
    fix: 'Use an event stream (text/event-stream), or ask again and again.',
  },
  EXPECTATION_UNKNOWN: { status: 417, fault: 'caller', text: 'the expectation `{expectation}` cannot be met' },
  SERVICE_WORKER_REFUSED: {
    status: 403,
    fault: 'caller',
    text: 'a service worker cannot be had on a domain that containers share',
    fix: 'Serve it from a domain of its own: the wildcard domain, or a host that the container claims.',
  },
  TLS_FILE_UNREADABLE: { status: 500, fault: 'caller', text: 'The file {file} for TLS cannot be read: {reason}.' },
  TLS_PAIR_INVALID: {
    status: 500,
    fault: 'caller',
    text: 'The certificate {cert} and the key {key} cannot be used together: {reason}.',
    fix: 'Name two PEM files: the certificate with those that issued it, and the private key that belongs to it.',
  },
  TLS_HALF: {
    status: 500,
    fault: 'caller',
    text: 'TLS needs both --tls-cert and --tls-key, and there is only one of them.',
    fix: 'Name both, or neither.',
  },
  // cron
  CRON_UNKNOWN: { status: 404, fault: 'caller', text: 'there is no cron job `{name}` in `{container}`' },
  CRON_SCHEDULE_INVALID: {
    status: 400,
    fault: 'caller',
    text: 'the schedule `{schedule}` cannot be used: {reason}',
    fix: 'Write minute, hour, day of month, month and day of week, such as 5 9 * * 2, or a name such as @daily.',
  },
  CRON_TIMEZONE_UNKNOWN: {
    status: 400,
    fault: 'caller',
    text: 'there is no time zone `{tz}`',
    fix: 'Write its IANA name, such as Europe/Rome.',
  },
  CRON_NEVER: { status: 400, fault: 'caller', text: 'the schedule `{schedule}` never comes: {reason}' },
  CRON_TOKEN_OTHER: {
    status: 400,
    fault: 'caller',
    text: 'the `token` is not one of the webtask `{name}`',
    fix: 'Leave it out: the job runs by the token that the webtask has when it runs.',
  },
  CRON_TOO_MANY: {
    status: 400,
    fault: 'caller',
    text: 'the container `{container}` has {max} cron jobs, and cannot have more',
    fix: 'Delete one, or have the quota of the server raised: WEBTASK_QUOTA_CRON_JOBS.',
  },
  CRON_JOB_UNNAMED: {
    status: 400,
    fault: 'caller',
    text: '"{job}" names no cron job.',
    fix: 'Write NAME, or CONTAINER/NAME.',
  },
  CRON_WITHOUT_TOKEN: {
    status: 500,
    fault: 'caller',
    text: 'No token was given to run the cron job {container}/{name} with.',
    fix: 'Pass --token or set WEBTASK_TOKEN. Beside the data folder of the server, this prints one: webtask token mint --container {container}',
  },
  CRON_RUN_REFUSED: {
    status: 403,
    fault: 'caller',
    text: 'The server {server} does not run the cron job {container}/{name}: {reason}.',
    fix: 'Check its container and name, and that the token may manage this container.',
  },
  CRON_RUN_UNREACHABLE: {
    status: 502,
    fault: 'platform',
    text: 'The cron job {container}/{name} cannot be run on {server}: {reason}.',
    fix: 'Check --server, and that the server runs.',
  },
  CRON_STORE_REFUSED: { status: 400, fault: 'caller', text: 'the cron job was refused: {reason}' },
  CRON_STORE_UNANSWERED: {
    status: 502,
    fault: 'platform',
    text: 'The webtask that keeps cron jobs gave no answer: {reason}.',
    fix: 'Look at WEBTASK_CRON_URL, and at what that webtask prints.',
  },
  // logs
  LOGS_WITHOUT_TOKEN: {
    status: 500,
    fault: 'caller',
    text: 'No token was given to read the logs of {container} with.',
    fix: 'Pass --token or set WEBTASK_TOKEN. Beside the data folder of the server, this prints one: webtask token mint --container {container}',
  },
  LOGS_REFUSED: {
    status: 403,
    fault: 'caller',
    text: 'The server {server} shows no logs of {container}: {reason}.',
    fix: 'Use a token that may manage this container.',
  },
  LOGS_UNREACHABLE: {
    status: 502,
    fault: 'platform',
    text: 'The logs of {container} cannot be read from {server}: {reason}.',
    fix: 'Check --server, and that the server runs.',
  },
  LOGS_ENDED: {
    status: 502,
    fault: 'platform',
    text: 'The server {server} ended the log stream of {container}.',
    fix: 'Run the command again; what happens meanwhile is not told.',
  },
  // new
  NEW_NAME_INVALID: {
    status: 400,
    fault: 'caller',
    text: '"{name}" cannot be the name of a webtask.',
    fix: 'Write letters, digits, _ and -, and no ending; --ts makes it TypeScript.',
  },
  NEW_FILES_EXIST: {
    status: 409,
    fault: 'caller',
    text: 'Nothing was written, since these files exist: {files}.',
    fix: 'Choose another name, or move them away.',
  },
  NEW_NOT_WRITTEN: { status: 500, fault: 'caller', text: 'The file {file} cannot be written: {reason}.' },
} as const satisfies Record<string, ErrorEntry>;

/** The stable code of an error. */
export type ErrorCode = keyof typeof ERRORS;

type FieldNames<Text> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | FieldNames<Rest> : never;
type TextOf<Code extends ErrorCode> = (typeof ERRORS)[Code] extends { fix: infer Fix extends string }
  ? `${(typeof ERRORS)[Code]['text']}${Fix}`
  : (typeof ERRORS)[Code]['text'];

/** The fields that the text of an error names; others may be given beside them. */
export type ErrorFields<Code extends ErrorCode = ErrorCode> = Record<FieldNames<TextOf<Code>>, string | number> &
  Record<string, unknown>;

/**
 * An error of the kit. Match on `code`, never on the message.
 *
 * @example
 * try {
 *   await webtask('webtasks/pay.js');
 * } catch (error) {
 *   if (error instanceof WebtaskError && error.code === 'SECRET_MISSING') console.log(error.fields.name);
 * }
 */
export class WebtaskError<Code extends ErrorCode = ErrorCode> extends Error {
  readonly code: Code;
  /** HTTP status. */
  readonly status: number;
  readonly fault: Fault;
  readonly fields: Record<string, unknown>;
  /** What to do about it, where there is something to do. */
  readonly fix: string | undefined;

  constructor(code: Code, fields: ErrorFields<Code>, options?: ErrorOptions) {
    const entry: ErrorEntry = ERRORS[code];
    super(fill(entry.text, fields), options);
    this.name = 'WebtaskError';
    this.code = code;
    this.status = entry.status;
    this.fault = entry.fault;
    this.fields = fields;
    this.fix = entry.fix === undefined ? undefined : fill(entry.fix, fields);
  }
}

/**
 * Throws the error of that code.
 *
 * @param code - a key of {@link ERRORS}
 * @param fields - what the text names, and anything a handler may want to read
 * @throws the {@link WebtaskError} of that code
 * @example
 * const key = keys.get(kid) ?? fail('TOKEN_KEY_UNKNOWN', { kid });
 */
export function fail<Code extends ErrorCode>(
  code: Code,
  // An error whose text names nothing may be thrown without fields.
  ...[fields, options]: FieldNames<TextOf<Code>> extends never
    ? [fields?: Record<string, unknown>, options?: ErrorOptions]
    : [fields: ErrorFields<Code>, options?: ErrorOptions]
): never {
  throw new WebtaskError(code, (fields ?? {}) as ErrorFields<Code>, options);
}

function fill(template: string, fields: Record<string, unknown>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => String(fields[name]));
}

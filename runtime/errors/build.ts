import type { ErrorEntry } from './entry.ts';

/** Errors of fetching code and of building tokens from a repository. */
export const BUILD_ERRORS = {
  // code
  CODE_URL_INVALID: {
    status: 400,
    fault: 'caller',
    text: 'The code of the webtask cannot be fetched from {url}: {reason}.',
    fix: 'Give a URL such as https://example.com/pay.js.',
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
    fix: 'See that its server answers, and try again.',
  },
  CODE_STATUS: {
    status: 502,
    fault: 'caller',
    text: 'The code of the webtask cannot be fetched from {url}: the answer was {status}.',
    fix: 'A private repository needs a server that may read it, or a token with the code in its request.',
  },
  CODE_TOO_LARGE: {
    status: 502,
    fault: 'caller',
    text: 'The code at {url} is larger than {maxBytes} bytes.',
    fix: 'Leave something out, or move it into a package.',
  },
  CODE_TIMED_OUT: {
    status: 504,
    fault: 'platform',
    text: 'The code at {url} did not arrive within {timeoutMs} ms.',
    fix: 'Try again, or put the code where it is served faster.',
  },
  CODE_REDIRECTS: {
    status: 502,
    fault: 'caller',
    text: 'The code at {url} is behind more than {max} redirects.',
    fix: 'Give the URL that they lead to.',
  },
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
  GIT_FAILED: {
    status: 500,
    fault: 'caller',
    text: 'git {command} failed: {reason}',
    fix: 'Run that command in the checkout to see more.',
  },
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
    fix: 'Take it out of LFS in .gitattributes and commit it again; or fetch it with git lfs pull, and say where the code is with --url.',
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
  BUILD_NAME_INVALID: {
    status: 400,
    fault: 'caller',
    text: '"{name}" cannot be the name of a webtask.',
    fix: 'Use letters, digits and - . _ ~ ! $ + = : @ only; rename the file, or give another --name.',
  },
  BUILD_NAME_TWICE: {
    status: 400,
    fault: 'caller',
    text: 'Both {first} and {second} would be the webtask {name}.',
    fix: 'Rename one of them, or build them one by one.',
  },
  // webtasks of several files
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
  // tokens that a cluster issues
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
} as const satisfies Record<string, ErrorEntry>;

import type { ErrorEntry } from './entry.ts';

/** Errors of runs: what a webtask is given, what it does with a request, and the process it is in. */
export const RUN_ERRORS = {
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
    fix: 'Call it where webtask serve runs the webtask; in a test, put a function of your own in its place.',
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
    fix: 'Give the URL of the code, or an object with url, secrets and what else the token should have.',
  },
  CREATE_TOKEN_ISSUER: {
    status: 502,
    fault: 'webtask',
    text: 'No token can be created by the issuer {issuer}: {reason}.',
    fix: 'See that issuer_url is a webtask server that accepts the token of this run.',
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
    fix: 'Have it end its response, with an error status where something went wrong.',
  },
  RUN_CUT_OFF: {
    status: 502,
    fault: 'webtask',
    text: '{webtask} closed the connection before its answer was whole.',
    fix: 'Have it end its response; what it printed may say why it did not.',
  },
  // limits
  RUN_BLOCKED: {
    status: 500,
    fault: 'webtask',
    text: 'Blocked event loop.',
    fix: '{container} let nothing else run for {limitMs} ms: do long work in pieces, or elsewhere.',
  },
  RUN_CPU_EXCEEDED: {
    status: 500,
    fault: 'webtask',
    text: 'The webtasks of {container} used more than {limitMs} ms of CPU time within {windowMs} ms.',
    fix: 'Do less for each request, or have the server allow more: WEBTASK_LIMIT_CPU_MS.',
  },
  CONTAINER_CPU_SPENT: {
    status: 429,
    fault: 'webtask',
    text: 'The webtasks of {container} have used up the CPU time that they may use within {windowMs} ms.',
    fix: 'Send the request again in {retryAfter} seconds.',
  },
  RUN_MEMORY_EXCEEDED: {
    status: 500,
    fault: 'webtask',
    text: 'The webtasks of {container} used more than {maxBytes} bytes of memory.',
    fix: 'Keep less at a time, or have the server allow more: WEBTASK_LIMIT_MEMORY_BYTES.',
  },
  RUN_PROCESSES_EXCEEDED: {
    status: 500,
    fault: 'webtask',
    text: 'The webtasks of {container} started more than {max} processes and threads.',
    fix: 'Start fewer at a time, or have the server allow more: WEBTASK_LIMIT_PROCESSES.',
  },
  RUN_OUTPUT_EXCEEDED: {
    status: 500,
    fault: 'webtask',
    text: 'The webtasks of {container} printed more than {maxBytes} bytes within {windowMs} ms.',
    fix: 'Print less, or have the server allow more: WEBTASK_LIMIT_OUTPUT_BYTES.',
  },
  RUN_REPLY_TOO_LARGE: {
    status: 500,
    fault: 'webtask',
    text: 'The answer of {webtask} has more than {maxBytes} bytes.',
    fix: 'Answer in parts, or have the server allow more: WEBTASK_LIMIT_REPLY_BYTES.',
  },
  RUN_HEADERS_TOO_LARGE: {
    status: 500,
    fault: 'webtask',
    text: 'The headers of the answer of {webtask} have {bytes} bytes, more than {maxBytes}.',
    fix: 'Send less in headers, or have the server allow more: WEBTASK_LIMIT_REPLY_HEADER_BYTES.',
  },
  RUN_CALLS_EXCEEDED: {
    status: 500,
    fault: 'webtask',
    text: 'The webtasks of {container} asked the server for more than {max} things at once.',
    fix: 'Wait for the answers of storage and create_token before you ask for more.',
  },
  RUN_CALL_TOO_LARGE: {
    status: 413,
    fault: 'webtask',
    text: 'What was to be given to the server has {bytes} bytes, more than {maxBytes}.',
    fix: 'Give storage and create_token less at a time; code may have 16 MB.',
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
    fix: '{wayOut}',
  },
  NETWORK_UNAVAILABLE: {
    status: 500,
    fault: 'platform',
    text: 'Workers cannot have the network policy {policy} here: {reason}.',
    fix: 'Install slirp4netns and nftables (apt-get install slirp4netns nftables), or start with --network none.',
  },
  WORKER_NOT_STARTED: {
    status: 503,
    fault: 'platform',
    text: 'No worker could be started: {reason}.',
  },
} as const satisfies Record<string, ErrorEntry>;

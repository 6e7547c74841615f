/** What crosses the pipe between a server and a worker, in frames. */
export interface Frame {
  readonly type: FrameType;
  /** Which run, call or definition it belongs to. */
  readonly id: number;
  /** Whether nothing more comes of what it is a piece of. */
  readonly last: boolean;
  /** What is said: lines in `run` and `reply`, otherwise JSON; empty in frames that carry bytes alone. */
  readonly head: string;
  readonly bytes: Buffer;
}

/**
 * Every kind of frame: the number that stands for it, who sends it, and the most bytes that its head and its bytes may
 * have. What is larger is not read.
 */
export const FRAMES = {
  /** What a run is of: code, secrets and what else a token fixes. Its id is what runs say. */
  define: { number: 1, from: 'server', maxHead: 1 << 20, maxBytes: 16 << 20 },
  /** A definition that will not be run any more. */
  forget: { number: 2, from: 'server', maxHead: 0, maxBytes: 0 },
  /** A request, with the beginning of its body. */
  run: { number: 3, from: 'server', maxHead: 1 << 20, maxBytes: 64 << 10 },
  /** More of a request's body. */
  body: { number: 4, from: 'server', maxHead: 0, maxBytes: 256 << 10, comesInPieces: true },
  /** The caller of a run went away. */
  abort: { number: 5, from: 'server', maxHead: 0, maxBytes: 0 },
  /** What became of a call, as JSON in its bytes: code that was translated may be longer than it was. */
  result: { number: 6, from: 'server', maxHead: 0, maxBytes: 128 << 20 },
  /** Asks for a sign of life. */
  ping: { number: 7, from: 'server', maxHead: 0, maxBytes: 0 },
  /** The worker runs. */
  ready: { number: 16, from: 'worker', maxHead: 1 << 10, maxBytes: 0 },
  /** The head of an answer, with the beginning of its body. */
  reply: { number: 17, from: 'worker', maxHead: 1 << 20, maxBytes: 256 << 10 },
  /** More of an answer's body. */
  data: { number: 18, from: 'worker', maxHead: 0, maxBytes: 256 << 10, comesInPieces: true },
  /** A run that will not be answered, or not to its end, and why. */
  broken: { number: 19, from: 'worker', maxHead: 256 << 10, maxBytes: 0 },
  /** Something that a webtask printed. */
  message: { number: 20, from: 'worker', maxHead: 256, maxBytes: 64 << 10 },
  /** Asks the server for what a worker cannot do itself; the code that it asks about, where it does, is in its bytes. */
  call: { number: 21, from: 'worker', maxHead: 4 << 20, maxBytes: 16 << 20 },
  /** The sign of life. */
  pong: { number: 22, from: 'worker', maxHead: 0, maxBytes: 0 },
  /** A webtask has left the process in a state that is not for others: no request should come to it any more. */
  unfit: { number: 23, from: 'worker', maxHead: 0, maxBytes: 0 },
  /** What a run has used, before the last frame of its answer, where the server asked for that. */
  usage: { number: 24, from: 'worker', maxHead: 256, maxBytes: 0 },
  /** How many bytes of a body were taken, so that as many more may be sent. */
  taken: { number: 32, from: 'both', maxHead: 32, maxBytes: 0 },
  /** A piece was read that began at the unit of shared memory that is its id. */
  free: { number: 33, from: 'both', maxHead: 0, maxBytes: 0 },
} as const satisfies Record<string, FrameRule>;

/** What a kind of frames may be. */
export interface FrameRule {
  readonly number: number;
  readonly from: 'server' | 'worker' | 'both';
  readonly maxHead: number;
  readonly maxBytes: number;
  /** Whether it is given on as it comes: whoever takes it needs no more than the next bytes. */
  readonly comesInPieces?: boolean;
}

/** The kinds of frames. */
export type FrameType = keyof typeof FRAMES;

/**
 * Number (1 byte), flags (1), id (4), length of the head (4), length of the bytes (4). The lowest flag says whether it is
 * the last; the others, where its bytes are in shared memory and not in the pipe, are one more than their unit there.
 */
export const HEADER_BYTES = 14;

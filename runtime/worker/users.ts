import { randomInt } from 'node:crypto';
import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { fail } from '../errors.ts';

/** Numbers of users that nobody else has, first to last. */
export interface UserRange {
  readonly first: number;
  readonly last: number;
}

/** A user for one worker. */
export interface WorkerUser {
  readonly uid: number;
  /** Lets others have it, as soon as nothing runs as that user any more. */
  release(): Promise<void>;
}

/** What `/proc/PID/status` says of a process and its users is in the first of it. */
const STATUS_BYTES = 1024;
/** What the system says that has no more files or memory, and so says nothing of a process. */
const NOTHING_LEFT: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOMEM']);
/** So many are read in one turn, 20 µs each: through the pool of threads one takes ten times as long. */
const STATUSES_PER_TURN = 100;

/** How many numbers are tried: that as many are taken is no accident. */
const TRIES = 100;
const LOOK_AGAIN_MS = 20;
const LOOK_SELDOM_MS = 1000;

/**
 * Takes a user that no process of this machine runs as, and that no other server here has taken.
 *
 * The name of an abstract socket is the lock: nobody else can have it, and the kernel lets go of it with this process.
 *
 * @throws SANDBOX_UNAVAILABLE where none is free
 * @see unix(7)
 */
export async function takeUser({ first, last }: UserRange): Promise<WorkerUser> {
  for (let tried = 0; tried < TRIES; tried++) {
    const uid = randomInt(first, last + 1);
    const lock = await lockUser(uid);
    if (lock === undefined) continue;
    if (await isRunning(uid)) {
      lock.close();
      continue;
    }
    return {
      uid,
      async release() {
        for (let ms = LOOK_AGAIN_MS; await isRunning(uid); ms = Math.min(ms * 2, LOOK_SELDOM_MS)) {
          await setTimeout(ms, undefined, { ref: false });
        }
        lock.close();
      },
    };
  }
  return fail('SANDBOX_UNAVAILABLE', {
    reason: `the users ${first} to ${last} are taken`,
    wayOut: 'Name more of them with --worker-users.',
  });
}

function lockUser(uid: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const lock = createServer((connection) => connection.destroy());
    lock.once('error', () => resolve(undefined));
    lock.listen(`\0webtask-kit-user-${uid}`, () => resolve(lock.unref()));
  });
}

/**
 * Whether any process is of that user: real, effective or saved. One that has ended is none, although it is listed until
 * its parent asks how: in a container that is nobody, often. Where that cannot be read, such as when this process has no
 * more files, there may be one.
 */
async function isRunning(uid: number): Promise<boolean> {
  const mine = new RegExp(`^Uid:.*\\t${uid}\\b`, 'm');
  const buffer = Buffer.alloc(STATUS_BYTES);
  let read = 0;
  const pids = readProcesses();
  if (pids === undefined) return true;
  for (const pid of pids) {
    const status = readStatus(pid, buffer);
    if (status === undefined || (mine.test(status) && !/^State:\tZ/m.test(status))) return true;
    read += 1;
    if (read % STATUSES_PER_TURN === 0) await setImmediate();
  }
  return false;
}

function readProcesses(): string[] | undefined {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return undefined;
  }
}

/** Nothing where it cannot be read; empty where the process has ended. */
function readStatus(pid: string, buffer: Buffer): string | undefined {
  let file: number | undefined;
  try {
    file = openSync(`/proc/${pid}/status`, 'r');
    return buffer.toString('latin1', 0, readSync(file, buffer));
  } catch (error) {
    return NOTHING_LEFT.has(String((error as NodeJS.ErrnoException).code)) ? undefined : ''; // a system error
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

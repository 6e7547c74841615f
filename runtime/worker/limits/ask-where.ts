import type { Duplex } from 'node:stream';

/** Where the code of a process is, as the process says. */
export interface Place {
  /** The id of the request whose code is running. */
  readonly run: string | undefined;
  /** Lines of a stack trace: those of webtasks and their packages. */
  readonly stack: string;
}

/** Asks a worker where it is, at most once. */
export interface WatchdogPipe {
  /** Resolves with nothing where there is no answer in time, or none that can be read. */
  ask(): Promise<Place | undefined>;
}

/** Milliseconds. */
const PATIENCE = 1_000;
const MAX_ANSWER = 64 * 1024;
const MAX_LINES = 20;
const MAX_LINE = 500;

/**
 * Joins the server to the thread of a worker that says where it is.
 *
 * @param onBroken - is told of bytes that nobody asked for
 */
export function openWatchdogPipe(pipe: Duplex, onBroken: (reason: string) => void, onClosed: () => void): WatchdogPipe {
  let answer = '';
  let onAnswer: ((text: string | undefined) => void) | undefined;

  pipe.on('error', () => undefined); // it closes, too
  pipe.on('close', () => {
    onAnswer?.(undefined);
    onClosed();
  });
  pipe.on('data', (chunk: Buffer) => {
    if (!onAnswer) return onBroken('it sent to its server what nobody asked for');
    answer += chunk.toString('latin1');
    if (answer.includes('\n') || answer.length > MAX_ANSWER) {
      onAnswer(answer);
      pipe.pause(); // nothing more is wanted of it
    }
  });
  return {
    async ask() {
      const text = await new Promise<string | undefined>((resolve) => {
        onAnswer = resolve;
        setTimeout(resolve, PATIENCE, undefined);
        pipe.write('?');
      });
      return text === undefined ? undefined : readPlace(text);
    },
  };
}

/** It is the code's own process that says so, which may say anything. */
function readPlace(text: string): Place | undefined {
  try {
    const { run, stack } = JSON.parse(Buffer.from(text, 'base64').toString('utf8')) as Record<string, unknown>;
    if (typeof stack !== 'string') return undefined;
    return { run: typeof run === 'string' ? run : undefined, stack: authorsLines(stack) };
  } catch {
    return undefined;
  }
}

function authorsLines(stack: string): string {
  const lines = stack.split('\n').filter((line) => /^ {4}at /.test(line) && !OTHERS.test(line));
  return lines
    .slice(0, MAX_LINES)
    .map((line) => line.slice(0, MAX_LINE).replace(/[^\x20-\x7e\u00a0-\uffff]/g, '?'))
    .join('\n');
}

/** Frames of Node, of the program of workers, and of the question itself. */
const OTHERS = /\((?:node:|<anonymous>)|at node:|\/worker[\w-]*\.cjs|at eval \(eval at /;

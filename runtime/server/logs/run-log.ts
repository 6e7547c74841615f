import type { ServerResponse } from 'node:http';
import { stripVTControlCharacters } from 'node:util';
import { maskRecord } from '../../context/index.ts';
import type { OutputLevel, RunProblem, RunUsage } from '../../invoke/index.ts';
import { LINE_BYTES } from '../../worker/index.ts';
import type { Logs } from './logs.ts';
import type { OutputBudget } from './output-budget.ts';
import type { LogEntry } from './record.ts';

/** What happens during one run, for the readers of its container and the terminal of the server. */
export interface RunLog {
  /** Takes what the webtask printed, as one message. */
  onMessage(text: string, level: OutputLevel): void;
  /** Takes what the webtask did wrong without its caller seeing it. */
  onProblem(problem: Pick<RunProblem, 'message'>): void;
  /** Says whether the webtask was compiled for this run. */
  compiled(start: 'cold' | 'warm'): void;
  /** Takes what the run has used; nothing does where nobody read when it began. */
  readonly onUsage: ((usage: RunUsage) => void) | undefined;
  /** Its answer has ended, or its caller has left. */
  onClose(): void;
}

/** Whose run it is, and who is told. */
export interface RunLogOptions {
  readonly logs: Logs;
  readonly output: OutputBudget;
  readonly container: string;
  /** The webtask's name; none for an anonymous run. */
  readonly name: string | undefined;
  /** The id of the request. */
  readonly id: string;
  /** What must not be shown. */
  readonly secrets: Readonly<Record<string, string>>;
  /** When the request came, as `performance.now()` says it. */
  readonly startedAt: number;
  /** Receives what is for the terminal, line by line. */
  readonly onLine: (line: string) => void;
}

/**
 * Starts the log of a run: the readers of its container are told of its request now, and of its end with the answer's.
 *
 * A path is shown without its query, which is the caller's.
 */
export function startRunLog(res: ServerResponse, options: RunLogOptions): RunLog {
  const { logs, output, container, name, id, secrets, startedAt, onLine } = options;
  const mask = (text: string): string => maskRecord(secrets)(text);
  const say = (from: LogEntry['from'], level: OutputLevel, text: string, fields?: LogEntry['fields']): void => {
    logs.write({ container, name, requestId: id, level, text, from, fields });
  };
  const print = (level: OutputLevel, text: string): void => {
    const verdict = output.take(container, text.length + LINE_BYTES); // an empty line is one too
    if (verdict === 'over') return;
    const shown = verdict === 'last' ? LEFT_OUT : mask(text);
    for (const line of shown.split('\n')) onLine(`${name ?? container} | ${printable(line)}`);
    say('webtask', level, shown);
  };

  let used: RunUsage | undefined;
  let start: 'cold' | 'warm' | undefined;
  const isRead = logs.isRead(container);
  if (isRead) {
    const { method, url = '/' } = res.req;
    say('platform', 30, `new webtask request ${id}`, { method, path: shownPath(url, mask) });
  }
  const onClose = (): void => {
    if (!logs.isRead(container)) return;
    const status = res.headersSent ? res.statusCode : undefined;
    const wall = performance.now() - startedAt;
    const answer = status === undefined ? 'without an answer' : `with HTTP ${status}`;
    const isWhole = res.writableFinished;
    say(
      'platform',
      isWhole && res.statusCode < 500 ? 30 : 50,
      `finished webtask request ${id} ${answer} in ${Math.round(wall)}ms${isWhole ? '' : ', cut off'}`,
      {
        status,
        wall_ms: Number(wall.toFixed(1)),
        cpu_ms: used && Number(used.cpuMs.toFixed(1)),
        heap_bytes: used?.heapBytes,
        start,
      },
    );
  };
  return {
    onClose,
    onMessage: (text, level) => print(level, text),
    onProblem: ({ message }) => print(50, message),
    compiled(how) {
      start = how;
    },
    onUsage: isRead
      ? (usage) => {
          used = usage;
        }
      : undefined,
  };
}

const LEFT_OUT = 'This container prints too much: what its webtasks print is left out for some seconds.';

/** A path without its query, its secrets masked in whichever of the ways they are escaped that URLs have. */
function shownPath(url: string, mask: (text: string) => string): string {
  const path = mask(url.replace(/[?#].*/s, ''));
  if (!path.includes('%')) return path;
  const segments = path.split('/').map((segment) => {
    const decoded = decode(segment);
    const masked = mask(decoded);
    return masked === decoded ? segment : masked;
  });
  return segments.join('/');
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment; // it is no text in UTF-8, as secrets are
  }
}

/** A terminal takes orders from what it shows, and would show what a webtask wants of the lines of others. */
function printable(line: string): string {
  return line.search(CONTROL) === -1 ? line : stripVTControlCharacters(line).replace(CONTROL, '');
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is left out
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f-\x9f]/g;

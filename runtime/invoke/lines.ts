/** The two streams that a webtask prints to. */
export type OutputStream = 'stdout' | 'stderr';

/** Takes what is printed, in pieces. */
export interface OutputCollector {
  push(text: string, stream: OutputStream): void;
  /** Hands on what has no line end yet. */
  flush(): void;
}

/**
 * Cuts text that arrives in pieces into lines, for each stream by itself.
 *
 * @param onLine - receives each line without its line end
 * @returns `push` for the next piece, `flush` for unfinished last lines
 */
export function collectLines(onLine: (line: string, stream: OutputStream) => void): OutputCollector {
  const rest = { stdout: '', stderr: '' };
  return {
    push(text, stream) {
      const lines = (rest[stream] + text).split('\n');
      rest[stream] = lines.pop() ?? '';
      for (const line of lines) onLine(line.endsWith('\r') ? line.slice(0, -1) : line, stream);
    },
    flush() {
      for (const stream of ['stdout', 'stderr'] as const) {
        if (rest[stream] !== '') onLine(rest[stream], stream);
        rest[stream] = '';
      }
    },
  };
}

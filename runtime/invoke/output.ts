import { type OutputLevel, watchConsole } from './console-level.ts';
import { collectLines, type OutputCollector, type OutputStream } from './lines.ts';
import { collectMessages } from './messages.ts';

/** Who receives what a webtask prints. Without any, it goes where it would have gone. */
export interface OutputReceivers {
  /** Receives each line. */
  readonly onLine?: ((line: string, stream: OutputStream) => void) | undefined;
  /** Receives, in place of lines, what each call of `console` printed, as {@link collectMessages} says. */
  readonly onMessage?: ((text: string, level: OutputLevel) => void) | undefined;
}

/**
 * Puts what is printed together as its receiver wants it. Most runs print nothing, and so nothing is made before they do.
 */
export function collectOutput({ onLine, onMessage }: OutputReceivers): OutputCollector | undefined {
  const make = onMessage ? () => collectMessages(onMessage) : onLine && (() => collectLines(onLine));
  if (!make) return undefined;
  if (onMessage) watchConsole();
  let collector: OutputCollector | undefined;
  return {
    push(text, stream) {
      collector ??= make();
      collector.push(text, stream);
    },
    flush: () => collector?.flush(),
  };
}

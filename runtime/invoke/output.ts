import type { OutputLevel } from './console-level.ts';
import { collectLines, type OutputCollector, type OutputStream } from './lines.ts';
import { collectMessages } from './messages.ts';

/** Who receives what a webtask prints. Without any, it goes where it would have gone. */
export interface OutputReceivers {
  /** Receives each line. */
  readonly onLine?: ((line: string, stream: OutputStream) => void) | undefined;
  /** Receives, in place of lines, what each call of `console` printed, as {@link collectMessages} says. */
  readonly onMessage?: ((text: string, level: OutputLevel) => void) | undefined;
}

/** Puts what is printed together as its receiver wants it. */
export function collectOutput({ onLine, onMessage }: OutputReceivers): OutputCollector | undefined {
  if (onMessage) return collectMessages(onMessage);
  return onLine && collectLines(onLine);
}

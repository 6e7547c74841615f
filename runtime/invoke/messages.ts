import { consoleLevel, type OutputLevel } from './console-level.ts';
import { collectLines, type OutputCollector } from './lines.ts';

/**
 * Puts what is printed together into messages: what one call of `console` printed is one, though it may have several
 * lines; what was written past it is cut into lines.
 *
 * @param onMessage - receives each message without its line end. Its level is that of the method of `console`;
 *   otherwise 50 for what went to stderr, and 30
 */
export function collectMessages(onMessage: (text: string, level: OutputLevel) => void): OutputCollector {
  const lines = collectLines((line, stream) => onMessage(line, stream === 'stderr' ? 50 : 30));
  return {
    push(text, stream) {
      const level = consoleLevel();
      if (level === undefined) {
        lines.push(text, stream);
        return;
      }
      lines.flush(); // what had no line end yet came before
      onMessage(text.replace(/\r?\n$/, ''), level);
    },
    flush: lines.flush,
  };
}

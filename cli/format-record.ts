import { visible } from './visible.ts';

const LEVELS: Readonly<Record<number, readonly [word: string, color: string]>> = {
  10: ['TRACE', '\u001b[2m'],
  20: ['DEBUG', '\u001b[2m'],
  30: ['INFO', ''],
  40: ['WARN', '\u001b[33m'],
  50: ['ERROR', '\u001b[31m'],
};
const DIM = '\u001b[2m';
const PLAIN = '\u001b[0m';

/**
 * Makes a line for a person of a record of the logs: `12:00:00.000Z INFO  pay: hello`. Further lines of its text are
 * indented.
 *
 * @param json - the record; what is none is shown as it is
 * @param inColor - errors and warnings stand out, and what the platform says steps back
 */
export function formatRecord(json: string, inColor: boolean): string {
  const record = parse(json);
  if (!record) return visible(json);
  const { time, level, msg, container, webtask, from } = record;
  const [word, color] = LEVELS[Number(level)] ?? [String(level), ''];
  const head = `${String(time).slice(11)} ${word.padEnd(5)} ${String(webtask ?? container)}: `;
  const text = String(msg).split('\n').map(visible).join('\n    ');
  const line = `${visible(head)}${text}${describeRun(record)}`;
  const start = from === 'platform' && Number(level) < 40 ? DIM : color;
  return inColor && start !== '' ? `${start}${line}${PLAIN}` : line;
}

/** What the last record of a request tells beside its text. */
function describeRun({ start, cpu_ms, heap_bytes }: Record<string, unknown>): string {
  if (typeof cpu_ms !== 'number' || typeof heap_bytes !== 'number') return '';
  const heap = `heap ${Math.round(heap_bytes / 1_000_000)} MB`;
  return ` (${[start, `CPU ${Math.round(cpu_ms)}ms`, heap].filter((it) => it !== undefined).join(', ')})`;
}

function parse(json: string): Record<string, unknown> | undefined {
  try {
    const record: unknown = JSON.parse(json);
    return typeof record === 'object' && record !== null ? (record as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

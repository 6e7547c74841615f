import { parseScript } from '../compile/find-requires.ts';
import { decodeSegment, encodeSegment } from './vlq.ts';

/** A source map. @see https://tc39.es/ecma426/ */
export interface SourceMapJson {
  readonly version: 3;
  readonly sources: readonly string[];
  readonly names: readonly string[];
  readonly mappings: string;
}

const INLINE_MAP = /\n?\/\/# sourceMappingURL=data:application\/json;base64,([\w+/=]+)\s*$/;

/**
 * Takes the source map off code that esbuild translated, or makes one for code that is as its author wrote it.
 *
 * @param source - the file as stack traces shall name it
 */
export function takeMap(code: string, rewritten: boolean, source: string): { code: string; map: SourceMapJson } {
  const inline = rewritten ? INLINE_MAP.exec(code) : null;
  if (inline === null) {
    const lines = code.split('\n').length;
    // Each line is the same line of the source.
    return { code, map: { version: 3, sources: [source], names: [], mappings: `AAAA${';AACA'.repeat(lines - 1)}` } };
  }
  const { names, mappings } = JSON.parse(Buffer.from(inline[1] ?? '', 'base64').toString()) as SourceMapJson; // esbuild wrote it
  return { code: code.slice(0, inline.index), map: { version: 3, sources: [source], names, mappings } };
}

/**
 * Makes one source map of those of two texts, of which one follows the other.
 *
 * It is one list of mappings, since Node reads no maps with sections from a comment (seen on 20).
 *
 * @param line - of the whole, from 0, on which the second begins
 */
export function joinMaps(first: SourceMapJson, second: SourceMapJson, line: number): SourceMapJson {
  const lines = first.mappings.split(';').length - 1;
  const [, ...ends] = endOf(first.mappings);
  const [source = 0, originalLine = 0, column = 0, name = 0] = ends;
  const shift = [0, first.sources.length - source, -originalLine, -column, first.names.length - name];
  return {
    version: 3,
    sources: [...first.sources, ...second.sources],
    names: [...first.names, ...second.names],
    mappings: first.mappings + ';'.repeat(line - lines) + shifted(second.mappings, shift),
  };
}

/** Code with its source map as a comment behind it. */
export function withMap(code: string, map: SourceMapJson): string {
  return `${code}\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString('base64')}\n`;
}

/**
 * Puts a statement before the first of a script and behind its directives, on a line that is there: no line moves.
 *
 * @param file - for messages
 */
export function insertStatement(code: string, statement: string, file: string): string {
  const { body } = parseScript(code, file) as unknown as { body: readonly Statement[] }; // a Program, by acorn
  const directives = body.filter(({ directive }) => directive !== undefined);
  const at = directives.at(-1)?.end ?? body[0]?.start ?? 0;
  // A directive may do without its semicolon.
  return `${code.slice(0, at)}${directives.length > 0 ? ';' : ''}${statement}${code.slice(at)}`;
}

interface Statement {
  readonly start: number;
  readonly end: number;
  readonly directive?: string;
}

/** What the numbers of all segments come to: each is the difference to the one before. The first starts anew each line. */
function endOf(mappings: string): number[] {
  const end = [0, 0, 0, 0, 0];
  for (const segment of mappings.split(/[;,]/)) {
    for (const [at, number] of decodeSegment(segment).entries()) end[at] = (end[at] ?? 0) + number;
  }
  return end;
}

/** The same mappings behind others: of each number, the first is a difference to what came before. */
function shifted(mappings: string, shift: readonly number[]): string {
  const rest = [...shift];
  return mappings.replace(/[^;,]+/g, (segment) => {
    if (rest.every((it) => it === 0)) return segment;
    return encodeSegment(decodeSegment(segment).map((number, at) => number + (rest.splice(at, 1, 0)[0] ?? 0)));
  });
}

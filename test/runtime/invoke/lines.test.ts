import { expect } from 'chai';
import { collectLines } from '../../../runtime/invoke/lines.ts';

/** The lines that pieces of text make, with the streams they are of. */
function linesOf(...pieces: [text: string, stream?: 'stdout' | 'stderr'][]): string[] {
  const lines: string[] = [];
  const { push, flush } = collectLines((line, stream) => lines.push(`${stream}: ${line}`));
  for (const [text, stream = 'stdout'] of pieces) push(text, stream);
  lines.push('flush');
  flush();
  flush();
  return lines;
}

describe('lines', () => {
  it('are cut where they end', () => {
    expect(linesOf(['a\nb\n'])).to.deep.equal(['stdout: a', 'stdout: b', 'flush']);
  });

  it('are put together of their pieces', () => {
    expect(linesOf(['a'], ['b'], ['c\nd'], ['\n'])).to.deep.equal(['stdout: abc', 'stdout: d', 'flush']);
  });

  it('may be empty', () => {
    expect(linesOf(['\n\na\n'])).to.deep.equal(['stdout: ', 'stdout: ', 'stdout: a', 'flush']);
  });

  it('lose the CR of CR LF, and no other', () => {
    expect(linesOf(['a\r\nb\rc\n'])).to.deep.equal(['stdout: a', 'stdout: b\rc', 'flush']);
    expect(linesOf(['a\r'], ['\nb\n'])).to.deep.equal(['stdout: a', 'stdout: b', 'flush']);
  });

  it('that do not end come with the flush, once', () => {
    expect(linesOf(['a\nrest'])).to.deep.equal(['stdout: a', 'flush', 'stdout: rest']);
  });

  it('of the two streams are kept apart', () => {
    expect(linesOf(['out'], ['err', 'stderr'], [' put\n'], ['or\n', 'stderr'])).to.deep.equal([
      'stdout: out put',
      'stderr: error',
      'flush',
    ]);
  });
});

import { expect } from 'chai';
import { describeEnd } from '../../../../runtime/worker/limits/describe-end.ts';
import { readLimits } from '../../../../runtime/worker/limits/limits.ts';

describe('the end of a process', () => {
  const HEAP = 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory';
  const codeOf = (code: number | null, signal: NodeJS.Signals | null, output: string): string | undefined =>
    describeEnd({ code, signal }, output, 'dev', readLimits({}))?.code;

  it('was of its memory where it says so and aborts, also through bubblewrap', () => {
    expect(codeOf(null, 'SIGABRT', HEAP)).to.equal('RUN_MEMORY_EXCEEDED');
    expect(codeOf(134, null, HEAP)).to.equal('RUN_MEMORY_EXCEEDED');
    expect(codeOf(null, 'SIGABRT', "terminate called after throwing an instance of 'std::bad_alloc'")).to.equal(
      'RUN_MEMORY_EXCEEDED',
    );
  });

  it('was of its memory where two threads had none left, and neither could say so', () => {
    expect(codeOf(null, 'SIGABRT', 'terminate called recursively')).to.equal('RUN_MEMORY_EXCEEDED');
  });

  it('was of its memory where V8 crashed, and had none left to say why', () => {
    expect([codeOf(null, 'SIGTRAP', ''), codeOf(133, null, '')]).to.deep.equal([
      'RUN_MEMORY_EXCEEDED',
      'RUN_MEMORY_EXCEEDED',
    ]);
  });

  it('was of what all processes of a container had together where the system ended it for that', () => {
    const error = describeEnd({ code: null, signal: 'SIGKILL' }, '', 'dev', readLimits({}), true);
    expect([error?.code, error?.message]).to.deep.equal([
      'RUN_MEMORY_EXCEEDED',
      'The webtasks of dev used more than 704643072 bytes of memory.',
    ]);
  });

  it('was of something else where it only aborts, or only says so', () => {
    expect(codeOf(null, 'SIGABRT', '')).to.equal(undefined);
    expect(codeOf(1, null, HEAP)).to.equal(undefined);
    expect(codeOf(0, null, '')).to.equal(undefined);
  });
});

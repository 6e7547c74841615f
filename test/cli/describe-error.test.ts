import { expect } from 'chai';
import { describeError } from '../../cli/program.ts';
import { WebtaskError } from '../../runtime/errors.ts';

describe('the words for an error', () => {
  it('are what happened, what to do, and the code', () => {
    expect(describeError('webtask serve', new WebtaskError('SERVE_PORT_TAKEN', { port: 1 }))).to.match(
      /^webtask serve: .*\. .*\. \[SERVE_PORT_TAKEN\]$/,
    );
  });

  it('tell who runs the platform what it was, of which callers are told no more than the original told them', () => {
    const cause = new WebtaskError('REVOCATION_UNANSWERED', { reason: 'asking was answered with 500' });
    expect(describeError('webtask serve', new WebtaskError('REVOCATION_CHECK_FAILED', {}, { cause }))).to.equal(
      'webtask serve: revocation check failed. ' +
        'The webtask that keeps revocations gave no answer: asking was answered with 500. ' +
        'Look at WEBTASK_REVOCATION_URL, and at what that webtask prints. [REVOCATION_CHECK_FAILED]',
    );
  });
});

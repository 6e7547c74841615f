import { expect } from 'chai';
import { readBroken, readReply } from '../../../runtime/worker/read-messages.ts';
import { refusalIn } from '../../support/refusal.ts';

const HEAD = { status: 200, statusMessage: '', rawHeaders: ['A', 'b'], source: 'webtask', failed: false };

describe('what a worker says', () => {
  it('of an error is believed where the error is a webtask’s or its caller’s', () => {
    const error = readBroken('{"code":"COMPILE_NOT_A_FUNCTION","fields":{"exported":"a number"}}');
    expect(error).to.include({
      code: 'COMPILE_NOT_A_FUNCTION',
      message: 'Supplied code must return or export a function. It exported a number.',
    });
  });

  it('of an error is not believed where the error is the platform’s, or unknown', () => {
    for (const code of ['STORE_UNREACHABLE', 'INTERNAL', 'toString', '__proto__', '']) {
      expect(readBroken(JSON.stringify({ code, fields: { reason: 'x' } }))).to.include({ code: 'INTERNAL' });
    }
  });

  it('of an answer is read as a head of HTTP', () => {
    expect(readReply(JSON.stringify({ ...HEAD, more: 1 }))).to.deep.equal(HEAD);
    expect(readReply(JSON.stringify({ ...HEAD, source: 'network', failed: 1 }))).to.deep.equal(HEAD);
  });

  it('of an answer is refused where it cannot be one', () => {
    for (const wrong of [
      { status: 99 },
      { status: 1000 },
      { status: '200' },
      { statusMessage: 1 },
      { rawHeaders: ['A'] },
      { rawHeaders: ['A', 1] },
      { rawHeaders: {} },
    ]) {
      expect(refusalIn(() => readReply(JSON.stringify({ ...HEAD, ...wrong })))).to.include({
        code: 'WORKER_FRAME_INVALID',
        message: 'A worker and its server do not understand each other: the head of an answer is none.',
      });
    }
  });
});

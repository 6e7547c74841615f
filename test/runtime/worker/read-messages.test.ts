import { expect } from 'chai';
import { readBroken, readUsage } from '../../../runtime/worker/read-messages.ts';
import { refusalIn } from '../../support/refusal.ts';

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

  it('of what a run has used is read as two plain numbers', () => {
    expect(readUsage('{"cpuMs":0.25,"heapBytes":4000000,"more":1}')).to.deep.equal({ cpuMs: 0.25, heapBytes: 4000000 });
    expect(readUsage('{"cpuMs":0,"heapBytes":0}')).to.deep.equal({ cpuMs: 0, heapBytes: 0 });
  });

  it('of what a run has used is refused where it is anything else', () => {
    for (const wrong of ['-1', '1e300', '1e999', '"1"', 'null', '[1]', 'true', '{}']) {
      for (const text of [`{"cpuMs":${wrong},"heapBytes":1}`, `{"cpuMs":1,"heapBytes":${wrong}}`, '[]']) {
        expect(refusalIn(() => readUsage(text))).to.include({
          code: 'WORKER_FRAME_INVALID',
          message: 'A worker and its server do not understand each other: what a run has used is no number.',
        });
      }
    }
  });
});

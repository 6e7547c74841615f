import { expect } from 'chai';
import { createCalls } from '../../../runtime/worker/calls.worker.ts';
import { FRAMES } from '../../../runtime/worker/frame.ts';
import { refusalOf } from '../../support/refusal.ts';

describe('what a worker asks its server for', () => {
  const { maxHead, maxBytes } = FRAMES.call;
  const FIX = 'Give storage and create_token less at a time; code may have 16 MB.';

  it('is sent up to what the server reads, and otherwise an error: the server would end its process', async () => {
    const sent: number[] = [];
    const calls = createCalls({ send: (_type, id) => void sent.push(id) });
    const key = { partition: 'storage/acme', sort: 'pay' };
    const around = JSON.stringify({ of: 1, what: 'document', write: 'put', value: '' }).length;
    const put = (characters: string) => calls.documents(1).put(key, characters);
    const translate = (code: string) => calls.translate(1, code, '/a.js', 'javascript');

    void put('x'.repeat(maxHead - around));
    void translate('x'.repeat(maxBytes));
    expect(sent).to.deep.equal([1, 2]);
    expect(await refusalOf(put('x'.repeat(maxHead - around + 1)))).to.deep.equal({
      code: 'RUN_CALL_TOO_LARGE',
      message: 'What was to be given to the server has 4194305 bytes, more than 4194304.',
      fix: FIX,
    });
    expect(await refusalOf(translate(`${'x'.repeat(maxBytes - 1)}é`))).to.deep.equal({
      code: 'RUN_CALL_TOO_LARGE',
      message: 'What was to be given to the server has 16777217 bytes, more than 16777216.',
      fix: FIX,
    });
    expect(sent).to.deep.equal([1, 2]);
  });
});

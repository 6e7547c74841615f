import { expect } from 'chai';
import { runHeaders } from '../../../../runtime/server/edge/run-headers.ts';

describe('the headers of an answer', () => {
  it('say nothing of a worker’s about where the message ends, which the server alone knows: what is after it would be read as the next', () => {
    for (const encoding of ['gzip', 'identity', 'chunked', 'chunked, gzip']) {
      const theirs = [
        'Transfer-Encoding',
        encoding,
        'content-length',
        '5',
        'X-One',
        '1',
        'X-WT-Response-Source',
        'proxy',
      ];
      expect(runHeaders(['Ours', 'a'], theirs, undefined)).to.deep.equal([
        'Ours',
        'a',
        'content-length',
        '5',
        'X-One',
        '1',
      ]);
    }
  });
});

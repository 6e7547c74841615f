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

  it('are scoped anew for each caller, although a webtask says the same again', () => {
    const theirs = ['Set-Cookie', 'a=1', 'X-One', '1'];
    const scopeOf = (path: string) => () => ({ path, isSharedSite: true, reachesOthers: () => true });
    expect(runHeaders([], theirs, scopeOf('/api/run/a'))).to.deep.equal([
      ...['Set-Cookie', 'a=1; Path=/api/run/a'],
      ...['X-One', '1'],
    ]);
    expect(runHeaders([], theirs, scopeOf('/api/run/b'))).to.deep.equal([
      ...['Set-Cookie', 'a=1; Path=/api/run/b'],
      ...['X-One', '1'],
    ]);
  });

  it('are put together with the server’s of this answer, although a webtask says the same again', () => {
    const theirs = ['Connection', 'X-One', 'X-One', '1', 'X-Two', '2', 'Referrer-Policy', 'origin'];
    for (const ours of ['a', 'b']) {
      expect(runHeaders(['Ours', ours, 'Referrer-Policy', 'no-referrer'], theirs, undefined)).to.deep.equal([
        ...['Ours', ours],
        ...['X-Two', '2', 'Referrer-Policy', 'origin'],
      ]);
    }
  });
});

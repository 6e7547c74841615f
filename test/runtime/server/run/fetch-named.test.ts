import { expect } from 'chai';
import { fetchNamed } from '../../../../runtime/server/run/fetch-named.ts';
import { refusalOf } from '../../../support/refusal.ts';

describe('what a worker has its server fetch', () => {
  const meta = {
    'wt-compiler': 'https://example.com/compile.js?v=1',
    'wt-middleware': '["https:\\/\\/example.com\\/check.js", "https://example.com/log.js"]',
  };
  const fetch = fetchNamed(meta, async (url) => `code of ${url}`);

  it('is the compiler and the middleware that its metadata names', async () => {
    for (const path of ['compile.js?v=1', 'check.js', 'log.js']) {
      expect(await fetch(`https://example.com/${path}`)).to.equal(`code of https://example.com/${path}`);
    }
  });

  it('is nothing else, since the server reaches what its webtasks may not', async () => {
    for (const url of ['https://example.com/compile.js?v=1&stolen=sk_1', 'https://example.com/', '']) {
      expect(await refusalOf(fetch(url))).to.include({ code: 'COMPILER_URL_REFUSED' });
    }
    expect(await refusalOf(fetchNamed({}, async () => 'code')('https://example.com/?stolen=sk_1'))).to.deep.equal({
      code: 'COMPILER_URL_REFUSED',
      message: 'Compilation failed: https://example.com/ is not fetched here.',
      fix: 'Name the compiler or middleware by its module.',
    });
  });
});

import { expect } from 'chai';
import { createCodeLoader, type FetchPolicy, sha256Hex } from '../../../runtime/code/index.ts';
import { type Origin, startOrigin } from '../../support/origin.ts';
import { refusalOf } from '../../support/refusal.ts';

describe('the code that a server remembers', () => {
  /** What the origin answers with. */
  let code: string;
  let status: number;
  let now: number;
  let origin: Origin;
  let load: ReturnType<typeof createCodeLoader>;
  beforeEach(async () => {
    [code, status, now] = ['one', 200, 1000];
    origin = await startOrigin((_, res) => res.writeHead(status).end(code));
    const policy: FetchPolicy = { publicOnly: true, allowedOrigins: [origin.origin] };
    load = createCodeLoader(policy, () => now);
  });
  afterEach(() => origin.close());

  const url = (query = '') => `${origin.origin}/pay.js${query}`;
  const ONE = { text: 'one', sha256: sha256Hex('one') };
  const TWO = { text: 'two', sha256: sha256Hex('two') };

  it('is kept by its content where a token pins it, however long ago it came', async () => {
    expect(await load({ url: url(), sha256: ONE.sha256 })).to.deep.equal(ONE);
    [code, now] = ['two', now + 1e9];
    expect(await load({ url: url(), sha256: ONE.sha256 })).to.deep.equal(ONE);
    expect(await load({ url: url('?moved'), sha256: ONE.sha256, noCache: true })).to.deep.equal(ONE);
    expect(origin.requests).to.have.length(1);
  });

  it('is kept for a minute where a token leaves it open', async () => {
    expect(await load({ url: url() })).to.deep.equal(ONE);
    code = 'two';
    now += 60_000;
    expect(await load({ url: url() })).to.deep.equal(ONE);
    expect(origin.requests).to.have.length(1);
    now += 1;
    expect(await load({ url: url() })).to.deep.equal(TWO);
    expect(origin.requests).to.have.length(2);
  });

  it('is asked for again on request, and remembered then', async () => {
    await load({ url: url() });
    code = 'two';
    expect(await load({ url: url(), noCache: true })).to.deep.equal(TWO);
    expect(await load({ url: url() })).to.deep.equal(TWO);
    expect(origin.requests).to.have.length(2);
  });

  it('belongs to its whole URL, with the query', async () => {
    await load({ url: url('?v=1') });
    code = 'two';
    expect(await load({ url: url('?v=2') })).to.deep.equal(TWO);
  });

  it('is fetched once for requests that come at the same time', async () => {
    const wanted = [{ url: url() }, { url: url(), noCache: true }, { url: url(), sha256: ONE.sha256 }];
    expect(await Promise.all(wanted.map(load))).to.deep.equal([ONE, ONE, ONE]);
    expect(origin.requests).to.have.length(1);
  });

  it('is refused when its hash is not the one of the token, each time, and without the query of its URL', async () => {
    const mismatch = {
      code: 'CODE_HASH_MISMATCH',
      message: `The code at ${url()} is not the code that the token was minted for: its SHA-256 is ${ONE.sha256}, not ${TWO.sha256}.`,
      fix: 'Mint a new token for the code as it is now, with wt-build.',
    };
    expect(await refusalOf(load({ url: url('?token=abc'), sha256: TWO.sha256 }))).to.deep.equal(mismatch);
    expect(await refusalOf(load({ url: url('?token=abc'), sha256: TWO.sha256 }))).to.deep.equal(mismatch);
    code = 'two';
    expect(await load({ url: url('?token=abc'), sha256: TWO.sha256 })).to.deep.equal(TWO);
    expect(origin.requests).to.have.length(3);
  });

  it('is refused to one and given to the other when only one of two that wait together pins other code', async () => {
    const [other, open] = await Promise.all([
      refusalOf(load({ url: url(), sha256: TWO.sha256 })),
      load({ url: url() }),
    ]);
    expect(other.code).to.equal('CODE_HASH_MISMATCH');
    expect(open).to.deep.equal(ONE);
  });

  it('is asked for again after a failure, which is not remembered', async () => {
    status = 503;
    const failures = await Promise.all([refusalOf(load({ url: url() })), refusalOf(load({ url: url() }))]);
    expect(failures.map((it) => it.code)).to.deep.equal(['CODE_STATUS', 'CODE_STATUS']);
    expect(origin.requests).to.have.length(1);
    status = 200;
    expect(await load({ url: url() })).to.deep.equal(ONE);
  });
});

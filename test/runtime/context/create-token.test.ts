import { expect } from 'chai';
import { type CreateTokenParts, createTokenMethods } from '../../../runtime/context/create-token.ts';
import { startOrigin } from '../../support/origin.ts';
import { refusalIn } from '../../support/refusal.ts';

/** Creates a token, and gives what was asked of the issuer and what came back. */
async function create(options: unknown, parts: Partial<CreateTokenParts> = {}, method?: 'create_token_url') {
  const asked: unknown[] = [];
  const issue: CreateTokenParts['issue'] = async (requested) => {
    asked.push(requested);
    return { token: 'a.b.c', url: 'https://wt.example/api/run/dev?key=a.b.c' };
  };
  const methods = createTokenMethods({ token: 'p.q.r', issue, ...parts });
  const [error, result] = await new Promise<[unknown, string | undefined]>((resolve) => {
    methods[method ?? 'create_token'](options, (error, result) => resolve([error, result]));
  });
  return { asked, error: error as { code?: string; message?: string } | null, result };
}

describe('creating tokens from a webtask', () => {
  it('takes a text for the URL of the code', async () => {
    expect(await create('https://example.com/x.js')).to.deep.equal({
      asked: [{ url: 'https://example.com/x.js', pb: 1, mb: 1 }],
      error: null,
      result: 'a.b.c',
    });
  });

  it('turns the options of the original into claims', async () => {
    const options = {
      url: 'https://example.com/x.js',
      params: { p: 1 },
      secrets: { s: '2' },
      disable_parse_body: true,
      disable_merge_body: true,
      disable_self_revocation: true,
      delegation_depth: 0,
      issuer_url: undefined,
      exp: 123,
    };
    expect((await create(options)).asked).to.deep.equal([
      { url: 'https://example.com/x.js', pctx: { p: 1 }, ectx: { s: '2' }, pb: 0, mb: 0, dr: 1, dd: 0, exp: 123 },
    ]);
  });

  it('says nothing of bodies where the parent fixes the code, which decides that', async () => {
    const options = { params: { p: 1 }, disable_parse_body: true };
    expect((await create(options, { codeUrl: 'https://example.com/x.js' })).asked).to.deep.equal([{ pctx: { p: 1 } }]);
  });

  it('gives the URL', async () => {
    expect((await create({}, {}, 'create_token_url')).result).to.equal('https://wt.example/api/run/dev?key=a.b.c');
  });

  it('asks the issuer that the options name, as a child of the run’s token', async () => {
    const bodies: string[] = [];
    const issuer = await startOrigin(async (req, res) => {
      for await (const chunk of req) bodies.push(String(chunk));
      res.setHeader('Location', 'https://other.example/run').end('x.y.z');
    });
    const options = { params: { p: 1 }, issuer_url: `${issuer.origin}/` };
    const { asked, result } = await create(options);
    expect((await create(options, {}, 'create_token_url')).result).to.equal('https://other.example/run');
    await issuer.close();
    expect({ asked, result }).to.deep.equal({ asked: [], result: 'x.y.z' });
    expect(JSON.parse(bodies[0] ?? '')).to.deep.equal({ pb: 1, mb: 1, pctx: { p: 1 } });
    const [first] = issuer.requests;
    expect([first?.method, first?.url, first?.headers.authorization]).to.deep.equal([
      'POST',
      '/api/tokens/issue',
      'Bearer p.q.r',
    ]);
  });

  it('does not take its token along to where an issuer redirects', async () => {
    const other = await startOrigin((_req, res) => res.end('x.y.z'));
    const issuer = await startOrigin((_req, res) => res.writeHead(307, { Location: other.origin }).end());
    const { error } = await create({ issuer_url: issuer.origin });
    await Promise.all([issuer.close(), other.close()]);
    expect(error).to.include({
      code: 'CREATE_TOKEN_ISSUER',
      message: `No token can be created by the issuer ${issuer.origin}: it did not answer.`,
    });
    expect(other.requests).to.deep.equal([]);
  });

  it('needs the token of the run', async () => {
    const { error, asked } = await create({}, { token: undefined });
    expect(error).to.include({ code: 'CREATE_TOKEN_NO_PARENT' });
    expect(asked).to.deep.equal([]);
  });

  for (const options of [undefined, null, 5, [], { issuer_url: 'ftp://x' }, { issuer_url: 5 }]) {
    it(`refuses ${JSON.stringify(options)} as options`, async () => {
      expect((await create(options)).error).to.include({ code: 'CREATE_TOKEN_OPTIONS' });
    });
  }

  it('throws where there is no callback, as the original', () => {
    const { create_token } = createTokenMethods({ token: 'p.q.r', issue: async () => ({ token: '', url: '' }) });
    // As JavaScript may call it.
    expect(() => create_token({}, undefined as unknown as () => void)).to.throw(
      TypeError,
      'Callback must be a function.',
    );
  });

  it('throws where there is no cluster, in the words of the original', () => {
    const methods = createTokenMethods({ token: 'p.q.r' });
    expect(refusalIn(() => methods.create_token_url({}, () => undefined))).to.include({
      code: 'CREATE_TOKEN_UNSUPPORTED',
      message: "The 'create_token_url' method is not supported in this environment",
    });
  });
});

import { expect } from 'chai';
import { discoverKeySet } from '../../../../runtime/identity/jwks/discover.ts';
import { type Origin, startOrigin } from '../../../support/origin.ts';
import { refusalOf } from '../../../support/refusal.ts';

describe('where the keys of an issuer are', () => {
  let origin: Origin;
  let pages: Record<string, object>;
  beforeEach(async () => {
    pages = {};
    origin = await startOrigin((req, res) => {
      const page = pages[req.url ?? ''];
      res.writeHead(page ? 200 : 404).end(JSON.stringify(page));
    });
  });
  afterEach(() => origin.close());

  const metadata = (issuer: string, more: object = {}) => ({ issuer, jwks_uri: `${origin.origin}/keys`, ...more });
  async function expectUnavailable(issuer: string, at: string, reason: string): Promise<void> {
    expect(await refusalOf(discoverKeySet(issuer))).to.deep.equal({
      code: 'JWKS_UNAVAILABLE',
      message: `The keys of the issuer cannot be had from ${origin.origin}${at}: ${reason}.`,
      fix: 'Try again after 1 s.',
    });
  }

  for (const path of ['', '/', '/tenants/a', '/tenants/a/']) {
    const short = path.replace(/\/$/, '');
    for (const [standard, at] of [
      ['OpenID Connect', `${short}/.well-known/openid-configuration`],
      ['OAuth', `/.well-known/oauth-authorization-server${short}`],
    ] as const) {
      it(`is in its metadata of ${standard}, for an issuer with the path "${path}" at ${at}`, async () => {
        const issuer = `${origin.origin}${path}`;
        pages[at] = metadata(issuer);
        expect(await discoverKeySet(issuer)).to.equal(`${origin.origin}/keys`);
      });
    }
  }

  it('is not told by the metadata of another issuer, be it by a slash', async () => {
    pages['/.well-known/openid-configuration'] = metadata(`${origin.origin}/`);
    const reason = `it is the metadata of another issuer, "${origin.origin}/"`;
    await expectUnavailable(origin.origin, '/.well-known/openid-configuration', reason);
  });

  for (const uri of [undefined, 7, 'keys', 'file:///etc/passwd', 'http://a.example/keys']) {
    it(`is not ${JSON.stringify(uri)}`, async () => {
      pages['/.well-known/openid-configuration'] = metadata(origin.origin, { jwks_uri: uri });
      await expectUnavailable(origin.origin, '/.well-known/openid-configuration', 'its jwks_uri is no https URL');
    });
  }

  describe('where its metadata comes by https', () => {
    const { fetch } = globalThis;
    let asked: string[];
    /** Answers as if it had a certificate that is trusted. */
    const publish = (keySet: string, issuer: string): void => {
      asked = [];
      globalThis.fetch = async (input) => {
        asked.push(String(input));
        return Response.json({ issuer, jwks_uri: keySet });
      };
    };
    afterEach(() => {
      globalThis.fetch = fetch;
    });

    for (const issuer of ['https://login.example.com/', 'https://localhost/', 'https://127.0.0.1:8443/']) {
      const at = `${issuer}.well-known/openid-configuration`;

      it(`is at another https URL, of ${issuer}`, async () => {
        publish('https://keys.example.com/jwks', issuer);
        expect(await discoverKeySet(issuer)).to.equal('https://keys.example.com/jwks');
        expect(asked).to.deep.equal([at]);
      });

      for (const uri of [
        'http://127.0.0.1:9/keys',
        'http://localhost/keys',
        'http://[::1]/keys',
        'http://a.example/',
      ]) {
        it(`is never ${uri}, of ${issuer}: whoever listens there would speak for an issuer that has a certificate`, async () => {
          publish(uri, issuer);
          expect(await refusalOf(discoverKeySet(issuer))).to.deep.equal({
            code: 'JWKS_UNAVAILABLE',
            message: `The keys of the issuer cannot be had from ${at}: its jwks_uri is no https URL.`,
            fix: 'Try again after 1 s.',
          });
          expect(asked).to.deep.equal([at]);
        });
      }
    }
  });

  it('is unknown where there is no metadata', async () => {
    await expectUnavailable(`${origin.origin}/a`, '/.well-known/oauth-authorization-server/a', 'it answered 404');
  });
});

import { expect } from 'chai';
import { freezeDate, moveDate } from '../../../runtime/harness/index.ts';
import { createVerifier, type VerifierOptions } from '../../../runtime/identity/index.ts';
import { AUDIENCE, type IssuerKey, issuerKey } from '../../support/access-token.ts';
import { NOW } from '../../support/keys.ts';
import { type Origin, startOrigin } from '../../support/origin.ts';
import { refusalIn, refusalOf } from '../../support/refusal.ts';

const turn = () => new Promise((resolve) => setTimeout(resolve, 5));

function isKnown(verify: () => unknown): boolean {
  try {
    verify();
    return true;
  } catch {
    return false;
  }
}

const [OLD, NEW] = [issuerKey('old'), issuerKey('new')];

describe('a verifier that has its keys from the issuer', () => {
  let origin: Origin;
  let published: IssuerKey[];
  let place: string;
  beforeEach(async () => {
    freezeDate(NOW * 1000);
    published = [OLD];
    place = '/keys';
    origin = await startOrigin((req, res) => {
      const pages = {
        [place]: { keys: published.map(({ jwk }) => jwk) },
        '/.well-known/openid-configuration': { issuer: origin.origin, jwks_uri: `${origin.origin}${place}` },
      };
      const page = pages[req.url ?? ''];
      res.writeHead(page ? 200 : 404).end(JSON.stringify(page));
    });
  });
  afterEach(() => origin.close());

  const verifier = (options: Partial<VerifierOptions> = {}) =>
    createVerifier({ issuer: origin.origin, audience: AUDIENCE, ...options });
  const token = (key: IssuerKey) => key.sign({ iss: origin.origin });
  const asked = () => origin.requests.map(({ url }) => url);

  it('finds out where they are, fetches them when the first token comes, and then asks nobody', async () => {
    const { verify, verifyAsync } = verifier();
    expect(asked()).to.deep.equal([]);
    expect((await verifyAsync(token(OLD))).claims.sub).to.equal('auth0|ada');
    for (let i = 0; i < 10; i++) verify(token(OLD));
    expect(asked()).to.deep.equal(['/.well-known/openid-configuration', '/keys']);
  });

  it('asks at the URL that it is given', async () => {
    await verifier({ jwksUri: `${origin.origin}/keys` }).verifyAsync(token(OLD));
    expect(asked()).to.deep.equal(['/keys']);
  });

  it('says at once that it does not know a key yet, and knows it soon after', async () => {
    const { verify } = verifier({ jwksUri: `${origin.origin}/keys` });
    expect(refusalIn(() => verify(token(OLD)))).to.deep.equal({
      code: 'ACCESS_TOKEN_KEY_NOT_LOADED',
      message: 'The key of the access token is not known yet.',
      fix: 'Use verifyAsync, which waits for it; or try again after 1 s.',
    });
    for (let i = 0; i < 200 && !isKnown(() => verify(token(OLD))); i++) await turn();
    expect(verify(token(OLD)).claims.sub).to.equal('auth0|ada');
    expect(asked()).to.deep.equal(['/keys']);
  });

  it('accepts tokens of a new key as soon as it is published, and those of the old one until it is gone', async () => {
    const { verify, verifyAsync } = verifier({ jwksUri: `${origin.origin}/keys` });
    await verifyAsync(token(OLD));
    published = [OLD, NEW];
    await verifyAsync(token(NEW));
    verify(token(OLD));
    published = [NEW];
    moveDate(300_000);
    await verifyAsync(token(NEW));
    expect(await refusalOf(verifyAsync(token(OLD)))).to.deep.equal({
      code: 'ACCESS_TOKEN_KEY_UNKNOWN',
      message: 'The access token is signed with a key that its issuer does not publish.',
      fix: undefined,
    });
  });

  it('forgets the tokens that it remembers of a key that is gone', async () => {
    const { verify, verifyAsync } = verifier({ jwksUri: `${origin.origin}/keys` });
    const again = token(OLD);
    await verifyAsync(again);
    expect(await verifyAsync(again)).to.equal(verify(again));
    published = [NEW];
    await verifyAsync(token(NEW));
    expect((await refusalOf(verifyAsync(again))).code).to.equal('ACCESS_TOKEN_KEY_UNKNOWN');
  });

  it('does not ask for the key of a token that would be refused with any', async () => {
    const { verifyAsync } = verifier({ jwksUri: `${origin.origin}/keys` });
    const claims = { iss: origin.origin };
    for (const [bad, code] of [
      [NEW.sign({ ...claims, exp: NOW - 10 }), 'ACCESS_TOKEN_EXPIRED'],
      [NEW.sign({ ...claims, aud: 'other' }), 'ACCESS_TOKEN_AUDIENCE'],
      [NEW.sign({ iss: `${origin.origin}/` }), 'ACCESS_TOKEN_ISSUER'],
      [NEW.sign(claims, { typ: 'JWT' }), 'ACCESS_TOKEN_TYPE'],
      [NEW.sign(claims, { alg: 'HS256' }), 'ACCESS_TOKEN_ALGORITHM'],
    ] as const) {
      expect((await refusalOf(verifyAsync(bad))).code).to.equal(code);
    }
    expect(asked()).to.deep.equal([]);
  });

  it('never says that a token is bad when it is the issuer that cannot be asked', async () => {
    const { verifyAsync } = verifier({ jwksUri: `${origin.origin}/keys` });
    const { port } = origin;
    await origin.close();
    expect(await refusalOf(verifyAsync(token(OLD)))).to.deep.equal({
      code: 'JWKS_UNAVAILABLE',
      message: `The keys of the issuer cannot be had from ${origin.origin}/keys: connect ECONNREFUSED 127.0.0.1:${port}.`,
      fix: 'Try again after 1 s.',
    });
  });

  it('asks the metadata again where the keys are no longer where they were', async () => {
    const { verifyAsync } = verifier();
    await verifyAsync(token(OLD));
    place = '/moved';
    published = [NEW];
    expect((await refusalOf(verifyAsync(token(NEW)))).message).to.equal(
      `The keys of the issuer cannot be had from ${origin.origin}/keys: it answered 404.`,
    );
    await verifyAsync(token(NEW));
    const metadata = '/.well-known/openid-configuration';
    expect(asked()).to.deep.equal([metadata, '/keys', '/keys', metadata, '/moved']);
  });
});

describe('a verifier whose keys could come from anywhere', () => {
  for (const options of [{ issuer: 'http://login.example.com' }, { issuer: 'shop' }]) {
    it(`is not made: the issuer is ${options.issuer}`, () => {
      expect(refusalIn(() => createVerifier({ ...options, audience: AUDIENCE })).message).to.equal(
        'No access token can be verified: the option issuer is no https URL that keys could be fetched from; http is for this machine alone.',
      );
    });
  }

  it('is not made: the keys are at an http URL, or given and at a URL', () => {
    const options = { issuer: 'https://a.example', audience: AUDIENCE };
    expect(refusalIn(() => createVerifier({ ...options, jwksUri: 'http://a.example' })).message).to.equal(
      'No access token can be verified: the option jwksUri is no https URL that keys could be fetched from; http is for this machine alone.',
    );
    const both = { ...options, jwks: { keys: [OLD.jwk] }, jwksUri: 'https://a.example' };
    expect(refusalIn(() => createVerifier(both)).message).to.equal(
      'No access token can be verified: the option jwksUri is given together with jwks.',
    );
  });
});

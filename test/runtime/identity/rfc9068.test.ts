import { expect } from 'chai';
import { freezeDate } from '../../../runtime/harness/index.ts';
import { CLAIMS, issuerKey, verifierOf } from '../../support/access-token.ts';
import { NOW } from '../../support/keys.ts';
import { refusalIn } from '../../support/refusal.ts';

const KEY = issuerKey('r1', 'RS256');
const { verify } = verifierOf([KEY]);
const refusal = (claims: object, header: object = {}) => refusalIn(() => verify(KEY.sign(claims, header)));

/** JWT Profile for OAuth 2.0 Access Tokens, by section. */
describe('RFC 9068', () => {
  beforeEach(() => freezeDate(NOW * 1000));

  it('2.1: RS256 is supported, and an unsigned token is never accepted', () => {
    expect(verify(KEY.sign()).claims).to.deep.equal(CLAIMS);
    expect(refusal({}, { alg: 'none' }).code).to.equal('ACCESS_TOKEN_ALGORITHM');
  });

  for (const typ of ['at+jwt', 'AT+JWT', 'application/at+jwt', 'Application/At+Jwt']) {
    it(`2.1, 4: the type may be ${typ}`, () => expect(verify(KEY.sign({}, { typ })).claims).to.deep.equal(CLAIMS));
  }

  for (const typ of [
    'JWT',
    'jwt',
    'secevent+jwt',
    'logout+jwt',
    'at+jwt ',
    'text/at+jwt',
    'application/x/at+jwt',
    '',
  ]) {
    it(`4: a token of type ${typ || 'nothing'} is rejected, which is another kind of token`, () => {
      const { code, message } = refusal({}, { typ });
      expect(code).to.equal('ACCESS_TOKEN_TYPE');
      expect(message).to.match(/^The token is of type .*, and no access token: that is at\+jwt\.$/);
    });
  }

  it('4: a token without a type is rejected, and the way out is said', () => {
    expect(refusal({}, { typ: undefined })).to.deep.equal({
      code: 'ACCESS_TOKEN_TYPE',
      message: 'The token is of type none, and no access token: that is at+jwt.',
      fix: "Send an access token; or name the type of your issuer's access tokens in the option typ.",
    });
  });

  for (const claim of ['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti']) {
    it(`2.2: ${claim} is required`, () => {
      const { code, message } = refusal({ [claim]: undefined });
      expect({ code, message }).to.deep.equal({
        code: 'ACCESS_TOKEN_CLAIM_MISSING',
        message: `The access token lacks the claim ${claim}.`,
      });
    });
  }

  it('2.2.3: scope is one text, with spaces between', () => {
    expect(refusal({ scope: ['read', 'write'] }).message).to.equal(
      'The access token is malformed: its claim scope is not a text.',
    );
    expect(verify(KEY.sign({ scope: undefined })).claims.scope).to.equal(undefined);
  });

  it('4: an encrypted token, which was not agreed on, is rejected', () => {
    expect(refusalIn(() => verify('a.b.c.d.e')).message).to.equal(
      'The access token is malformed: it has 5 parts in place of 3.',
    );
  });

  it('4: the issuer matches exactly', () => {
    const { code, message } = refusal({ iss: 'https://login.example.com' });
    expect({ code, message }).to.deep.equal({
      code: 'ACCESS_TOKEN_ISSUER',
      message: 'The access token is from another issuer than https://login.example.com/.',
    });
  });

  it('4: the audience contains the API', () => {
    const { code, message } = refusal({ aud: ['https://other.example.com'] });
    expect({ code, message }).to.deep.equal({
      code: 'ACCESS_TOKEN_AUDIENCE',
      message: 'The access token is not meant for https://api.example.com.',
    });
    const several = verifierOf([KEY], { audience: ['https://a.example', 'https://api.example.com'] });
    expect(several.verify(KEY.sign()).claims).to.deep.equal(CLAIMS);
  });

  it('4: the signature is that of a key of the issuer', () => {
    const { code, message } = refusalIn(() => verify(issuerKey('r1', 'ES256').sign({}, { alg: 'RS256' })));
    expect({ code, message }).to.deep.equal({
      code: 'ACCESS_TOKEN_SIGNATURE',
      message: 'The signature of the access token does not hold.',
    });
  });

  it('4: the current time is before exp', () => {
    expect(refusal({ exp: NOW - 5 })).to.deep.equal({
      code: 'ACCESS_TOKEN_EXPIRED',
      message: 'The access token has expired.',
      fix: undefined,
    });
  });

  it('5: tokens of the same issuer for another resource are told apart by their audience, ID tokens by their type', () => {
    expect(refusal({ aud: CLAIMS.client_id }).code).to.equal('ACCESS_TOKEN_AUDIENCE');
    expect(refusal({ nonce: 'n' }, { typ: 'JWT' }).code).to.equal('ACCESS_TOKEN_TYPE');
  });
});

import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { freezeDate, moveDate } from '../../../runtime/harness/index.ts';
import { ALGORITHMS, type AlgorithmName } from '../../../runtime/identity/algorithms.ts';
import { AUDIENCE, CLAIMS, ISSUER, issuerKey, verifierOf } from '../../support/access-token.ts';
import { NOW } from '../../support/keys.ts';
import { refusalIn, refusalOf } from '../../support/refusal.ts';

const KEY = issuerKey('k1');
const { verify, verifyAsync } = verifierOf([KEY]);

describe('an access token that is verified', () => {
  beforeEach(() => freezeDate(NOW * 1000));

  it('gives its claims, and what it is known by: the SHA-256 of what was signed', () => {
    const token = KEY.sign();
    const { claims, digest } = verify(token);
    expect(claims).to.deep.equal(CLAIMS);
    const signed = token.slice(0, token.lastIndexOf('.'));
    expect(digest()).to.equal(createHash('sha256').update(signed).digest('base64url'));
  });

  it('gives the same whether or not its key is waited for', async () => {
    expect((await verifyAsync(KEY.sign())).claims).to.deep.equal(CLAIMS);
  });

  for (const alg of Object.keys(ALGORITHMS) as AlgorithmName[]) {
    it(`may be signed by ${alg}`, () => {
      const key = issuerKey('k', alg);
      expect(verifierOf([key], { algorithms: [alg] }).verify(key.sign()).claims).to.deep.equal(CLAIMS);
    });
  }

  it('has claims that nobody can change, since all who bring it share them', () => {
    const { claims } = verify(KEY.sign({ roles: [{ name: 'reader' }] }));
    expect(() => Object.assign(claims, { sub: 'root' })).to.throw(TypeError);
    expect(() => (claims.roles as object[]).push({})).to.throw(TypeError);
    expect(() => Object.assign((claims.roles as object[])[0] ?? {}, { name: 'root' })).to.throw(TypeError);
  });

  it('may come from a clock that differs by five seconds', () => {
    for (const claims of [{ exp: NOW - 4 }, { iat: NOW + 5 }, { nbf: NOW + 5 }]) {
      expect(verify(KEY.sign(claims)).claims).to.deep.equal({ ...CLAIMS, ...claims });
    }
  });

  it('may name further audiences', () => {
    expect(verify(KEY.sign({ aud: ['https://other.example.com', AUDIENCE] })).claims.sub).to.equal('auth0|ada');
  });
});

describe('an access token that comes again', () => {
  const again = { code: 'ACCESS_TOKEN_EXPIRED', message: 'The access token has expired.', fix: undefined };

  it('is the one that was verified, from the second time on: what comes once is not worth to be kept', () => {
    freezeDate(NOW * 1000);
    const token = KEY.sign({ jti: 'again' });
    const [first, second, third] = [verify(token), verify(token), verify(token)];
    expect(second).to.not.equal(first);
    expect(third).to.equal(second);
  });

  it('is refused once its time is over, however often it was accepted', () => {
    freezeDate(NOW * 1000);
    const token = KEY.sign({ exp: NOW + 10 });
    verify(token);
    verify(token);
    moveDate(14_000);
    verify(token);
    moveDate(1000);
    expect(refusalIn(() => verify(token))).to.deep.equal(again);
  });

  it('is refused where the clock was set back to before its issue', () => {
    freezeDate(NOW * 1000);
    const token = KEY.sign();
    verify(token);
    verify(token);
    moveDate(-120_000);
    expect(refusalIn(() => verify(token)).code).to.equal('ACCESS_TOKEN_NOT_YET_VALID');
  });

  it('is not mixed up with one that has the same header and payload and another signature', () => {
    freezeDate(NOW * 1000);
    const token = KEY.sign();
    verify(token);
    const forged = `${token.slice(0, token.lastIndexOf('.'))}.${Buffer.alloc(64, 1).toString('base64url')}`;
    expect(refusalIn(() => verify(forged)).code).to.equal('ACCESS_TOKEN_SIGNATURE');
  });
});

describe('a token whose key is not among those that are given', () => {
  const refused = {
    code: 'ACCESS_TOKEN_KEY_UNKNOWN',
    message: 'The access token is signed with a key that its issuer does not publish.',
    fix: undefined,
  };

  it('is refused', async () => {
    freezeDate(NOW * 1000);
    const token = issuerKey('k2').sign();
    expect(refusalIn(() => verify(token))).to.deep.equal(refused);
    expect(await refusalOf(verifyAsync(token))).to.deep.equal(refused);
  });
});

describe('a token without kid', () => {
  beforeEach(() => freezeDate(NOW * 1000));
  const token = KEY.sign({}, { kid: undefined });

  it('is verified with the one key of its algorithm', () => {
    expect(verify(token).claims).to.deep.equal(CLAIMS);
    expect(verifierOf([KEY, issuerKey('r', 'RS256')]).verify(token).claims).to.deep.equal(CLAIMS);
  });

  it("is refused where there are several, since trying them all would make the choice its sender's", () => {
    const two = verifierOf([issuerKey('k2'), KEY]);
    expect(refusalIn(() => two.verify(token))).to.deep.equal({
      code: 'ACCESS_TOKEN_MALFORMED',
      message: 'The access token is malformed: header has no kid, which leaves more than one key, or none.',
      fix: undefined,
    });
  });
});

describe('the options of a verifier', () => {
  for (const [option, value, reason] of [
    ['issuer', '', 'is not a text'],
    ['audience', [], 'is neither a text nor a list of texts'],
    ['audience', '', 'is neither a text nor a list of texts'],
    ['algorithms', ['HS256'], 'is not a list of algorithms with public keys: HS256'],
    ['algorithms', ['none'], 'is not a list of algorithms with public keys: none'],
    ['algorithms', [], 'is not a list of algorithms with public keys: '],
    ['clockTolerance', 301, 'is not between 0 and 300 s'],
    ['clockTolerance', Number.NaN, 'is not between 0 and 300 s'],
    ['maxTokenAge', 0, 'is not a number of seconds above 0'],
    ['requiredClaims', [1], 'is not a list of names'],
    ['typ', [], 'is neither a text nor a list of texts'],
    ['jwks', {}, 'cannot be used: it is no JSON Web Key Set'],
    ['jwks', { keys: [] }, 'cannot be used: it has no key that can be used (it is empty)'],
  ] as const) {
    it(`are refused where ${option} is ${JSON.stringify(value)}`, () => {
      expect(refusalIn(() => verifierOf([KEY], { [option]: value }))).to.deep.equal({
        code: 'VERIFIER_OPTION_INVALID',
        message: `No access token can be verified: the option ${option} ${reason}.`,
        fix: undefined,
      });
    });
  }

  it('say how an issuer may differ from RFC 9068: its typ, and the claims that it has', () => {
    freezeDate(NOW * 1000);
    const token = KEY.sign({ client_id: undefined, jti: undefined }, { typ: 'JWT' });
    const lenient = verifierOf([KEY], { typ: ['at+jwt', 'JWT'], requiredClaims: [] });
    expect(lenient.verify(token).claims.iss).to.equal(ISSUER);
    expect(lenient.verify(KEY.sign()).claims.iss).to.equal(ISSUER);
    const untyped = verifierOf([KEY], { typ: [null] });
    expect(untyped.verify(KEY.sign({}, { typ: undefined })).claims.iss).to.equal(ISSUER);
  });

  it('say how old a token may get, whatever its own end', () => {
    freezeDate(NOW * 1000);
    const strict = verifierOf([KEY], { maxTokenAge: 300, requiredClaims: [] });
    expect(strict.verify(KEY.sign({ iat: NOW - 305 })).claims.exp).to.equal(NOW + 3600);
    expect(refusalIn(() => strict.verify(KEY.sign({ iat: NOW - 306 })))).to.deep.equal({
      code: 'ACCESS_TOKEN_TOO_OLD',
      message: 'The access token was issued more than 300 s ago.',
      fix: undefined,
    });
    expect(refusalIn(() => strict.verify(KEY.sign({ iat: undefined }))).message).to.equal(
      'The access token lacks the claim iat.',
    );
  });
});

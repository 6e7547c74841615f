import { generateKeyPairSync } from 'node:crypto';
import { expect } from 'chai';
import { CompactEncrypt, CompactSign } from 'jose';
import { freezeDate } from '../../../runtime/harness/index.ts';
import { CLAIMS, issuerKey, publicJwk, verifierOf } from '../../support/access-token.ts';
import { NOW } from '../../support/keys.ts';
import { refusalIn } from '../../support/refusal.ts';

const EC = issuerKey('e1');
const RSA = issuerKey('r1', 'RS256');
const { verify } = verifierOf([EC, RSA]);
const codeOf = (token: string, by = verify) => refusalIn(() => by(token)).code;
const unusable = (jwk: object) => refusalIn(() => verifierOf([jwk])).message.replace(/^.*: the option /, '');

/** JSON Web Token Best Current Practices, section 3. */
describe('RFC 8725', () => {
  beforeEach(() => freezeDate(NOW * 1000));

  it('3.1: only algorithms that the caller named are used', () => {
    const onlyPs = verifierOf([EC, { ...RSA.jwk, alg: 'PS256' }], { algorithms: ['PS256'] });
    expect(refusalIn(() => onlyPs.verify(EC.sign()))).to.deep.equal({
      code: 'ACCESS_TOKEN_ALGORITHM',
      message: 'The access token is signed with ES256, which is not accepted here.',
      fix: 'Accepted are PS256, by the option algorithms.',
    });
  });

  it('3.1: each key is used with one algorithm, and this is checked whenever it is used', () => {
    expect(codeOf(issuerKey('r1', 'PS256', RSA.privateKey).sign())).to.equal('ACCESS_TOKEN_ALGORITHM');
    const { alg, ...untold } = RSA.jwk;
    const unsaid = verifierOf([untold]);
    expect(unsaid.verify(RSA.sign()).claims).to.deep.equal(CLAIMS);
    expect(codeOf(issuerKey('r1', 'PS256', RSA.privateKey).sign(), unsaid.verify)).to.equal('ACCESS_TOKEN_ALGORITHM');
  });

  it('3.2: none is no algorithm, and none can be had with a shared secret', () => {
    expect(codeOf(EC.sign({}, { alg: 'none' }))).to.equal('ACCESS_TOKEN_ALGORITHM');
    const shared = { algorithms: ['HS256'] } as unknown as Parameters<typeof verifierOf>[1]; // as JavaScript may call it
    expect(refusalIn(() => verifierOf([EC], shared)).code).to.equal('VERIFIER_OPTION_INVALID');
  });

  it('3.3: a token is refused as a whole when its signature fails', () => {
    const [header, , signature] = EC.sign().split('.');
    const [, payload] = EC.sign({ sub: 'root' }).split('.');
    expect(codeOf(`${header}.${payload}.${signature}`)).to.equal('ACCESS_TOKEN_SIGNATURE');
  });

  it('3.3: a nested token is not unpacked: what is inside was not signed as claims', async () => {
    const nested = await new CompactSign(Buffer.from(EC.sign()))
      .setProtectedHeader({ alg: 'ES256', kid: 'e1', typ: 'at+jwt', cty: 'JWT' })
      .sign(EC.privateKey);
    expect(refusalIn(() => verify(nested)).message).to.equal('The access token is malformed: payload is not JSON.');
  });

  it('3.4: a public key is a point of its curve', () => {
    expect(unusable({ ...EC.jwk, x: EC.jwk.y })).to.equal(
      'jwks cannot be used: it has no key that can be used (it is no valid public key).',
    );
  });

  it('3.5: a key is strong enough, and no password', () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    expect(unusable(publicJwk(privateKey))).to.include('its modulus has 1024 bits, fewer than 2048');
    expect(unusable({ kty: 'oct', k: 'cGFzc3dvcmQ' })).to.include('its member "k" should be known to nobody');
  });

  it('3.6: nothing is decompressed, since nothing encrypted is taken', async () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const encrypted = await new CompactEncrypt(Buffer.from('a'))
      .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM' })
      .encrypt(publicKey);
    expect(refusalIn(() => verify(encrypted)).message).to.equal(
      'The access token is malformed: it has 5 parts in place of 3.',
    );
  });

  it('3.7: header and payload are UTF-8', () => {
    const utf16 = Buffer.from(JSON.stringify(CLAIMS), 'utf16le');
    const header = JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid: 'e1' });
    expect(refusalIn(() => verify(EC.signRaw(header, utf16))).message).to.equal(
      'The access token is malformed: payload is not JSON.',
    );
  });

  it('3.8: the keys belong to the issuer that the token names', () => {
    expect(codeOf(EC.sign({ iss: 'https://other.example.com/' }))).to.equal('ACCESS_TOKEN_ISSUER');
  });

  it('3.8: a subject is a text that can be compared', () => {
    expect(codeOf(EC.sign({ sub: 7 }))).to.equal('ACCESS_TOKEN_MALFORMED');
  });

  it('3.9: the audience is checked, and one that names nobody is nobody', () => {
    expect(codeOf(EC.sign({ aud: undefined }))).to.equal('ACCESS_TOKEN_CLAIM_MISSING');
    expect(codeOf(EC.sign({ aud: [] }))).to.equal('ACCESS_TOKEN_AUDIENCE');
  });

  it('3.10: kid names a key and nothing else: no file, no query, no member of an object', () => {
    for (const kid of ['/dev/null', "e1' OR '1'='1", '__proto__']) {
      expect(codeOf(EC.sign({}, { kid }))).to.equal('ACCESS_TOKEN_KEY_UNKNOWN');
    }
  });

  it('3.10: jku and x5u are not followed', () => {
    const jku = 'http://127.0.0.1:9/keys';
    expect(verify(EC.sign({}, { jku, x5u: jku })).claims).to.deep.equal(CLAIMS);
    expect(codeOf(issuerKey('other').sign({}, { jku, x5u: jku }))).to.equal('ACCESS_TOKEN_KEY_UNKNOWN');
  });

  it('3.11: the type is explicit', () => {
    expect(codeOf(EC.sign({}, { typ: undefined }))).to.equal('ACCESS_TOKEN_TYPE');
  });

  it('3.12: other kinds of token of the same issuer are refused: by type, by audience, and by what they lack', () => {
    const logout = { events: { 'http://schemas.openid.net/event/backchannel-logout': {} }, client_id: undefined };
    expect(codeOf(EC.sign(logout, { typ: 'logout+jwt' }))).to.equal('ACCESS_TOKEN_TYPE');
    const lenient = verifierOf([EC], { typ: ['at+jwt', 'logout+jwt'] });
    expect(codeOf(EC.sign(logout, { typ: 'logout+jwt' }), lenient.verify)).to.equal('ACCESS_TOKEN_CLAIM_MISSING');
  });
});

import { expect } from 'chai';
import { moveDate } from '../../../../runtime/harness/index.ts';
import { CLAIMS, ISSUER } from '../../../support/access-token.ts';
import { useTenant } from '../../../support/identity.ts';
import { NOW } from '../../../support/keys.ts';

describe('revocation of a subject', () => {
  const acme = useTenant();
  const post = (body: unknown, path = '/subjects') => acme.call('POST', path, { json: body });
  const isActive = async (claims: object): Promise<unknown> => {
    const form = { token: acme.key.sign({ ...CLAIMS, ...claims }) };
    return ((await acme.call('POST', '/introspect', { form })).json as { active: boolean }).active;
  };

  it('ends all that a user was given until now, and nothing that is given later', async () => {
    expect((await post({ sub: CLAIMS.sub, reason: 'left' })).status).to.equal(204);
    expect(await isActive({})).to.equal(false);
    expect(await isActive({ jti: 'another' })).to.equal(false);
    expect(await isActive({ sub: 'auth0|grace' })).to.equal(true);
    moveDate(2000);
    expect(await isActive({ iat: NOW + 1, jti: 'later' })).to.equal(true);
  });

  it('takes a time until when, in seconds', async () => {
    await post({ sub: CLAIMS.sub, not_before: NOW - 100 });
    expect(await isActive({ iat: NOW - 100 })).to.equal(false);
    expect(await isActive({ iat: NOW - 99 })).to.equal(true);
  });

  const kinds: [body: object, claims: object][] = [
    [{ sid: 's1' }, { sid: 's1' }],
    [{ client_id: 'shop' }, {}],
    [{ grant_id: 'g1' }, { grant_id: 'g1' }],
    [{ jti: 'a1' }, {}],
    [{ iss: ISSUER }, {}],
  ];
  for (const [body, claims] of kinds) {
    it(`ends what ${JSON.stringify(body)} names`, async () => {
      expect(await isActive(claims)).to.equal(true);
      expect((await post(body)).status).to.equal(204);
      expect(await isActive(claims)).to.equal(false);
    });
  }

  const refused: [body: unknown, reason: string][] = [
    [{}, 'it names nobody; to revoke the whole issuer, say iss'],
    [{ reason: 'x' }, 'it names nobody; to revoke the whole issuer, say iss'],
    [{ sub: 'a', sid: 'b' }, 'it names sub and sid'],
    [{ user: 'a' }, 'it has the member "user"'],
    [{ sub: 'a', iss: 'https://evil.example.com/' }, `its iss is not ${ISSUER}`],
    [[], 'its body is not a JSON object'],
    ['{', 'its body is not JSON'],
    ['{"sub":"a","sub":"b"}', 'its body has the member "sub" twice'],
  ];
  for (const [body, reason] of refused) {
    it(`refuses ${JSON.stringify(body)}`, async () => {
      const { status, json } = await post(body);
      expect(status).to.equal(400);
      expect(json).to.deep.equal({
        error: 'invalid_request',
        error_description: `The request cannot be understood: ${reason}.`,
        code: 'REVOCATION_REQUEST',
      });
    });
  }

  it('refuses a time in milliseconds or to come, which would lock its user out', async () => {
    for (const not_before of [NOW * 1000, NOW + 3600]) {
      expect((await post({ sub: 'a', not_before })).json).to.include({ code: 'REVOCATION_DATED_AHEAD' });
    }
    expect((await post({ sub: 5 })).json).to.include({ code: 'REVOCATION_INVALID' });
  });

  describe('by Global Token Revocation', () => {
    const global = (sub_id: unknown) => post({ sub_id }, '/global-token-revocation');

    it('ends all that a user was given, named by issuer and subject, or by subject', async () => {
      expect((await global({ format: 'iss_sub', iss: ISSUER, sub: CLAIMS.sub })).status).to.equal(204);
      expect(await isActive({})).to.equal(false);
      expect(await isActive({ sub: 'auth0|grace' })).to.equal(true);
      expect((await global({ format: 'opaque', id: 'auth0|grace' })).status).to.equal(204);
      expect(await isActive({ sub: 'auth0|grace' })).to.equal(false);
    });

    it('says 422 where a user cannot be found by what is said of them', async () => {
      const { status, json } = await global({ format: 'email', email: 'ada@example.com' });
      expect(status).to.equal(422);
      expect(json).to.include({ code: 'REVOCATION_SUBJECT_FORMAT' });
    });

    it('refuses users of other issuers, nobody, and whoever may not', async () => {
      for (const sub_id of [
        undefined,
        { format: 'iss_sub', iss: 'https://evil.example.com/', sub: 'a' },
        { format: 'opaque' },
      ]) {
        expect((await global(sub_id)).status).to.equal(400);
      }
      const asked = { json: { sub_id: { format: 'opaque', id: 'a' } }, as: 'reader' };
      expect((await acme.call('POST', '/global-token-revocation', asked)).status).to.equal(403);
    });
  });
});

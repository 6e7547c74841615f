import { expect } from 'chai';
import { useTenant } from '../../../support/identity.ts';
import { NOW } from '../../../support/keys.ts';

describe('revocation by id, as the original platform has it', () => {
  const acme = useTenant();
  const ask = async (method: string, query: string, asked = {}) => {
    const { status, headers, text } = await acme.call(method, `/${query}`, asked);
    return { status, revocation: headers.get('Revocation-Status'), text };
  };

  it('revokes with PUT, and says so with GET: 200 revoked, 404 active, both marked', async () => {
    expect(await ask('GET', '?jti=a1')).to.deep.equal({ status: 404, revocation: 'active', text: '' });
    expect(await ask('PUT', `?jti=a1&jwt=${acme.key.sign()}`)).to.deep.equal({
      status: 200,
      revocation: 'revoked',
      text: '',
    });
    expect(await ask('GET', '?jti=a1')).to.deep.equal({ status: 200, revocation: 'revoked', text: '' });
    expect((await acme.call('POST', '/introspect', { form: { token: acme.key.sign() } })).json).to.deep.equal({
      active: false,
    });
  });

  it('never takes an expiry from a JWT that is not genuine, or of another id', async () => {
    const expiring = { iat: NOW - 7200, exp: NOW + 1 };
    const entryOf = async (id: string) =>
      acme.identity.revocationsOf('acme').reasonOf(await acme.identity.verify('acme', acme.key.sign({ jti: id })));
    await ask('PUT', `?jti=b1&jwt=${acme.key.sign({ ...expiring, jti: 'other' })}`);
    await ask('PUT', '?jti=b2&jwt=eyJhbGciOiJub25lIn0.eyJqdGkiOiJiMiIsImV4cCI6MX0.');
    await ask('PUT', `?jti=b3&jwt=${acme.key.sign({ jti: 'b3' })}`);
    expect(await entryOf('b1')).to.not.have.property('expires');
    expect(await entryOf('b2')).to.not.have.property('expires');
    expect(await entryOf('b3')).to.include({ expires: NOW + 3600, source: 'put' });
  });

  it('names what is missing, or there twice', async () => {
    const description = async (method: string, query: string) =>
      ((await acme.call(method, `/${query}`)).json as { error_description: string }).error_description;
    expect(await description('GET', '')).to.equal('The request cannot be understood: Missing jti.');
    expect(await description('GET', '?jti=')).to.equal('The request cannot be understood: Missing jti.');
    expect(await description('PUT', '?jti=a')).to.equal('The request cannot be understood: Missing jwt.');
    expect(await description('GET', '?jti=a&jti=b')).to.equal('The request cannot be understood: jti is there twice.');
  });

  it('is 405 for other methods, and 401 for nobody', async () => {
    expect((await acme.call('DELETE', '/?jti=a')).headers.get('Allow')).to.equal('GET, PUT');
    expect((await ask('GET', '?jti=a', { as: null })).status).to.equal(401);
    expect((await ask('PUT', '?jti=a&jwt=b', { as: 'reader' })).status).to.equal(403);
  });
});

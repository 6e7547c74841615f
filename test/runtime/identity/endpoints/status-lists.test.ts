import { expect } from 'chai';
import { compactVerify, importJWK } from 'jose';
import { moveDate } from '../../../../runtime/harness/index.ts';
import { decodeStatusList } from '../../../../runtime/identity/status-list/status-list.ts';
import { ISSUER } from '../../../support/access-token.ts';
import { BASE_URL, useTenant } from '../../../support/identity.ts';
import { NOW } from '../../../support/keys.ts';

const URI = `${BASE_URL}/acme/status-lists/1`;

describe('a published status list', () => {
  const acme = useTenant();
  const read = async (list = 1) => {
    const { text } = await acme.call('GET', `/status-lists/${list}`, { as: null });
    const { keys } = (await acme.call('GET', '/jwks.json', { as: null })).json as { keys: object[] };
    const { payload, protectedHeader } = await compactVerify(text, await importJWK(keys[0] as never, 'ES256')); // as published
    const claims = JSON.parse(Buffer.from(payload).toString());
    return { typ: protectedHeader.typ, claims, list: decodeStatusList(claims.status_list) };
  };

  it('is a Status List Token that names itself, which everybody may read and keep for ten seconds', async () => {
    const { status, headers } = await acme.call('GET', '/status-lists/1', { as: null });
    expect(status).to.equal(200);
    expect(headers.get('Content-Type')).to.equal('application/statuslist+jwt');
    expect(headers.get('Cache-Control')).to.equal('public, max-age=10');
    expect(headers.get('Access-Control-Allow-Origin')).to.equal('*');
    const { typ, claims, list } = await read();
    const { status_list, ...others } = claims;
    expect(typ).to.equal('statuslist+jwt');
    expect(others).to.deep.equal({ iss: ISSUER, sub: URI, iat: NOW, exp: NOW + 300, ttl: 10 });
    expect([status_list.bits, list.size, list.get(0)]).to.deep.equal([2, 131_072, 0]);
  });

  it('tells its headers alone to HEAD, as caches ask', async () => {
    const { status, headers, text } = await acme.call('HEAD', '/status-lists/1', { as: null });
    expect({ status, type: headers.get('Content-Type'), text }).to.deep.equal({
      status: 200,
      type: 'application/statuslist+jwt',
      text: '',
    });
    expect((await acme.call('HEAD', '/revoke')).headers.get('Allow')).to.equal('POST');
  });

  it('has a token invalid once it is revoked that names a place in it', async () => {
    const token = acme.key.sign({ status: { status_list: { uri: URI, idx: 20_000 } } });
    await acme.call('POST', '/revoke', { form: { token }, as: 'shop' });
    const { list } = await read();
    expect([list.get(20_000), list.get(19_999), list.get(20_001)]).to.deep.equal([1, 0, 0]);
    expect((await read(0)).list.get(20_000)).to.equal(0);
  });

  it('leaves places alone that are not in its lists, and revokes such a token all the same', async () => {
    const base = `${BASE_URL}/acme/status-lists`;
    const places: [uri: string, idx: unknown][] = [
      ['https://evil.example.com/1', 5],
      [`${URI}/../0`, 5],
      [`${URI}x`, 5],
      [`${base}/2`, 5],
      [URI, 131_072],
      [URI, -1],
      [URI, 5.5],
      [URI, '5'],
    ];
    for (const [uri, idx] of places) {
      const token = acme.key.sign({ jti: `${uri} ${idx}`, status: { status_list: { uri, idx } } });
      expect((await acme.call('POST', '/revoke', { form: { token }, as: 'shop' })).status, `${uri} ${idx}`).to.equal(
        200,
      );
    }
    expect((await read()).list.get(5)).to.equal(0);
  });

  it('takes a status from who may revoke: suspended, and valid again', async () => {
    const put = (status: unknown, asked = {}) => acme.call('PUT', '/status-lists/1/7', { json: { status }, ...asked });
    expect((await put(2)).status).to.equal(204);
    expect((await read()).list.get(7)).to.equal(2);
    expect((await put(0)).status).to.equal(204);
    expect((await read()).list.get(7)).to.equal(0);
    expect((await put(2, { as: 'reader' })).status).to.equal(403);
    expect((await put('2')).json).to.include({ code: 'REVOCATION_REQUEST' });
    expect((await put(4)).json).to.include({ code: 'STATUS_LIST_INVALID' });
  });

  it('is signed anew when it changes, or after five seconds', async () => {
    const first = (await acme.call('GET', '/status-lists/1', { as: null })).text;
    moveDate(4_000);
    expect((await acme.call('GET', '/status-lists/1', { as: null })).text).to.equal(first);
    moveDate(2_000);
    expect((await read()).claims.iat).to.equal(NOW + 6);
  });

  it('keeps what many set at the same time', async () => {
    const indexes = Array.from({ length: 20 }, (_, i) => i * 3);
    await Promise.all(indexes.map((i) => acme.call('PUT', `/status-lists/1/${i}`, { json: { status: 1 } })));
    const { list } = await read();
    expect(indexes.map((i) => list.get(i))).to.deep.equal(indexes.map(() => 1));
  });

  it('is not there beyond those that are published, nor a status beyond its end', async () => {
    expect((await acme.call('GET', '/status-lists/2', { as: null })).json).to.deep.equal({
      error: 'invalid_request',
      error_description: 'There is no status list 2: there are 2, from 0.',
      code: 'STATUS_LIST_UNKNOWN',
    });
    const beyond = await acme.call('PUT', '/status-lists/0/131072', { json: { status: 1 } });
    expect(beyond.json).to.include({ code: 'STATUS_INDEX_OUT_OF_RANGE' });
    for (const path of ['/status-lists/x', '/status-lists/1/2/3', '/status-lists/']) {
      expect((await acme.call('GET', path, { as: null })).status, path).to.equal(404);
    }
  });
});

import { expect } from 'chai';
import { useServer } from './server.ts';

const HELLO = "module.exports = (cb) => cb(null, 'hello');";

/** What the requests of sandboxjs ask for; that client itself is in the tests of clients. */
describe('D. the storage of named webtasks', () => {
  const server = useServer();

  const jsonOf = async <T>(response: Response, status = 200): Promise<T> => {
    const text = await response.text();
    expect(response.status, text).to.equal(status);
    return JSON.parse(text) as T;
  };
  const errorOf = async (response: Response): Promise<[status: number, code: unknown, message: unknown]> => {
    const { code, message } = (await response.json()) as { code: unknown; message: unknown };
    return [response.status, code, message];
  };

  describe('storage over HTTP', () => {
    const path = (name: string): string => `/api/webtask/dev/${name}/data`;
    const put = (name: string, json: object): Promise<Response> => server.call('PUT', path(name), { json });
    const get = async (name: string): Promise<{ data: string; etag?: string }> =>
      jsonOf(await server.call('GET', path(name)));

    it('67. is {} at first, and what was put then', async () => {
      await server.create('stored', HELLO);
      expect(await get('stored')).to.deep.equal({ data: '{}' });
      const { etag } = await jsonOf<{ etag: string }>(await put('stored', { data: '{"n":1}' }));
      expect(await get('stored')).to.deep.equal({ data: '{"n":1}', etag });
    });

    it('68. refuses a stale etag with 409 and what is there', async () => {
      await server.create('contended', HELLO);
      const first = await jsonOf<{ etag: string }>(await put('contended', { data: '1', etag: null }));
      const second = await jsonOf<{ etag: string }>(await put('contended', { data: '2', etag: first.etag }));
      for (const etag of [first.etag, null, 'unknown']) {
        const refused = await put('contended', { data: '3', etag });
        const { req_id: _id, ...body } = await jsonOf<Record<string, unknown>>(refused, 409);
        expect(body).to.deep.equal({
          code: 409,
          message: 'the document was changed since it was read',
          conflict: { data: '2', etag: second.etag },
        });
      }
      expect(await get('contended')).to.deep.equal({ data: '2', etag: second.etag });
    });

    it('holds 500 KB, and refuses more with 413', async () => {
      await server.create('large', HELLO);
      const fits = JSON.stringify('"'.repeat(250 * 1024 - 1)); // each takes two bytes
      expect((await put('large', { data: fits })).status).to.equal(200);
      const [status] = await errorOf(await put('large', { data: JSON.stringify('x'.repeat(500 * 1024)) }));
      expect(status).to.equal(413);
      expect((await get('large')).data === fits).to.equal(true);
    });

    it('is removed by the data null', async () => {
      await server.create('removed', HELLO);
      await put('removed', { data: '1' });
      expect(await jsonOf(await put('removed', { data: 'null' }))).to.deep.equal({});
      expect(await get('removed')).to.deep.equal({ data: '{}' });
    });

    it('is of existing webtasks only, and refuses what is no JSON', async () => {
      const unknown = [404, 404, 'there is no webtask `nobody` in `dev`'];
      expect(await errorOf(await server.call('GET', path('nobody')))).to.deep.equal(unknown);
      expect(await errorOf(await put('nobody', { data: '1' }))).to.deep.equal(unknown);
      await server.create('stored', HELLO);
      expect(await errorOf(await put('stored', { data: '{' }))).to.deep.equal([
        400,
        400,
        'body/data must be JSON text',
      ]);
    });
  });
});

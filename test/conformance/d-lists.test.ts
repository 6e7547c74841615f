import { expect } from 'chai';
import { useServer } from './server.ts';

/** A webtask as the management API tells of it. */
interface Described {
  readonly container: string;
  readonly name: string;
  readonly token: string;
  readonly meta: Record<string, string>;
  readonly webtask_url: string;
  readonly secrets?: Record<string, string>;
  readonly code?: string;
}

const HELLO = "module.exports = (cb) => cb(null, 'hello');";

/** What the requests of sandboxjs ask for; that client itself is in the tests of clients. */
describe('D. lists of named webtasks', () => {
  const server = useServer();

  const jsonOf = async <T>(response: Response, status = 200): Promise<T> => {
    const text = await response.text();
    expect(response.status, text).to.equal(status);
    return JSON.parse(text) as T;
  };

  describe('lists', () => {
    const list = async (query: string): Promise<Described[]> =>
      jsonOf(await server.call('GET', `/api/webtask/dev${query}`));

    before(async () => {
      await server.create('list-1', HELLO, { meta: { list: 'yes', a: '1' } });
      await server.create('list-2', HELLO, { meta: { list: 'yes', a: '2', colon: 'x:y' } });
      await server.create('list-3', HELLO, { meta: { list: 'yes', a: '1' } });
      await server.create(undefined, HELLO, { meta: { list: 'yes' } });
    });

    const namesOf = (webtasks: readonly Described[]): string[] => webtasks.map(({ name }) => name);

    it('42. have the named webtasks in order, and none without a name', async () => {
      const found = await list('?meta=list:yes');
      expect(namesOf(found)).to.deep.equal(['list-1', 'list-2', 'list-3']);
      expect(found[0]).to.have.all.keys('container', 'name', 'token', 'meta', 'webtask_url');
    });

    it('43. are filtered by every meta that is given', async () => {
      expect(namesOf(await list('?meta=list:yes&meta=a:1'))).to.deep.equal(['list-1', 'list-3']);
      expect(namesOf(await list('?meta=colon:x:y'))).to.deep.equal(['list-2']);
      expect(await list('?meta=a:1&meta=a:2')).to.deep.equal([]);
      expect((await server.call('GET', '/api/webtask/dev?meta=none')).status).to.equal(400);
    });

    it('go on where they are told to', async () => {
      expect(namesOf(await list('?meta=list:yes&offset=1&limit=1'))).to.deep.equal(['list-2']);
      expect(await list('?meta=list:yes&offset=3&limit=100')).to.deep.equal([]);
      for (const query of ['?offset=-1', '?limit=x']) {
        expect((await server.call('GET', `/api/webtask/dev${query}`)).status).to.equal(400);
      }
    });

    it('have a hundred at most', async () => {
      const names = Array.from({ length: 101 }, (_, i) => `many-${String(i).padStart(3, '0')}`);
      await Promise.all(names.map((name) => server.create(name, HELLO, { meta: { many: 'yes' } })));
      expect(namesOf(await list('?meta=many:yes&limit=1000'))).to.deep.equal(names.slice(0, 100));
      expect(namesOf(await list('?meta=many:yes&offset=100'))).to.deep.equal(names.slice(100));
    });

    it('have the code where it is asked for', async () => {
      const found = await list('?meta=list:yes&fetch_code=1');
      expect(found.map(({ code }) => code)).to.deep.equal([HELLO, HELLO, HELLO]);
    });

    it('of all containers are for the master key', async function () {
      const { masterKey } = server;
      if (masterKey === undefined) return this.skip();
      const headers = { Authorization: `Bearer ${masterKey}` };
      await jsonOf(await server.call('PUT', '/api/webtask/another/w', { json: { code: HELLO }, headers }));
      const all = await jsonOf<Described[]>(await server.call('GET', '/api/webtask', { headers }));
      expect(all.map(({ container }) => container)).to.include.members(['another', 'dev']);
    });
  });
});

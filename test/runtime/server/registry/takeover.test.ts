import { hostname } from 'node:os';
import { expect } from 'chai';
import { ask, startTestServer, type TestServer } from '../../../support/server.ts';

/** Whose webtask it is, and where it was asked for. */
const CODE = 'module.exports = (ctx, req, res) => res.end(req.x_wt.container + " " + req.url);';

describe('a container that wants the origin of another', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer(5_000, { publicUrl: 'https://wt.example.com:8443', runDomain: 'run.example.com' });
    for (const container of ['owner', 'thief']) expect(await put(container, 'page')).to.equal(200);
    expect(await put('owner', 'hosted', 'shop.test')).to.equal(200);
  });
  after(() => server.close());

  const put = async (container: string, name: string, host?: string): Promise<number> => {
    const headers = {
      Authorization: `Bearer ${server.sign({ ten: container, dd: 1 })}`,
      'Content-Type': 'application/json',
    };
    const body = JSON.stringify({ code: CODE, host });
    return (await ask(`${server.url}/api/webtask/${container}/${name}`, { method: 'PUT', headers, body })).status;
  };
  /** By the other way to a claim: a token of its own. */
  const issue = async (container: string, host: string, name?: string): Promise<number> => {
    const headers = {
      Authorization: `Bearer ${server.sign({ ten: container, dd: 1 })}`,
      'Content-Type': 'application/json',
    };
    const body = JSON.stringify({ ten: container, jtn: name, code: CODE, host });
    return (await ask(`${server.url}/api/tokens/issue`, { method: 'POST', headers, body })).status;
  };
  const get = async (host: string, path: string): Promise<string> => {
    const { status, body } = await ask(server.url + path, { headers: { Host: host } });
    return status === 200 ? body : String(status);
  };

  describe('cannot claim', () => {
    for (const host of ['shop.test', 'SHOP.test', 'shop.test.', 'Shop.Test.']) {
      it(`a host that the other has: ${host}`, async () => {
        expect(await put('thief', 'claim', host)).to.equal(403);
        expect(await issue('thief', host, 'claim')).to.equal(403);
        expect(await get('shop.test', '/owner/hosted')).to.equal('owner /owner/hosted');
      });
    }

    for (const host of [
      'wt.example.com',
      'WT.Example.COM',
      'wt.example.com.',
      'anything.wt.example.com',
      'run.example.com',
      'owner.run.example.com',
      'RUN.example.com.',
      'localhost',
      'LOCALHOST.',
    ]) {
      it(`a host of the cluster: ${host}`, async () => {
        expect(await put('thief', 'claim', host)).to.equal(403);
        expect(await issue('thief', host, 'claim')).to.equal(403);
      });
    }

    for (const [what, host] of [
      ['a port', 'shop.test:80'],
      ['a port', 'wt.example.com:8443'],
      ['an address', '127.0.0.1'],
      ['an address', '192.0.2.7'],
      ['an address', '::1'],
      ['an address', '[::1]'],
      ['an address', '[::ffff:127.0.0.1]'],
      ['an address', '0:0:0:0:0:0:0:1'],
      ['what browsers read as an address', '127.1'],
      ['what browsers read as an address', '2130706433'],
      ['what browsers read as an address', '0x7f.0.0.1'],
      ['what browsers read as an address', '0177.0.0.1'],
      ['what browsers fold to another name', 'ſhop.test'],
      ['what browsers fold to another name', 'ｓhop.test'],
      ['what browsers fold to another name', 'ⓦt.example.com'],
      ['what browsers fold to another name', 'shop。test'],
      ['what browsers fold to another name', 'sho\u00adp.test'],
      ['what browsers decode', '%73hop.test'],
      ['what browsers leave out', 'shop\t.test'],
      ['an international name that is none', 'xn--shop-.test'],
      ['an international name not in ASCII', 'bücher.test'],
      ['a user', 'a@shop.test'],
      ['a path', 'shop.test/a'],
      ['nothing', ''],
      ['two dots', 'shop.test..'],
      ['no label', '.shop.test'],
      ['all hosts', '*.test'],
    ]) {
      it(`${what}: ${JSON.stringify(host)}`, async () => {
        expect(await put('thief', 'claim', host)).to.equal(400);
        expect(await issue('thief', host ?? '', 'claim')).to.equal(400);
      });
    }

    it('and leaves nothing behind where it tries', async () => {
      const headers = { Authorization: `Bearer ${server.sign({ ten: 'thief', dd: 1 })}` };
      expect((await ask(`${server.url}/api/webtask/thief/claim`, { headers })).status).to.equal(404);
    });
  });

  it('can claim the name of the machine only where the server has a public URL', async () => {
    const name = hostname().toLowerCase();
    const bare = await startTestServer();
    const headers = { Authorization: `Bearer ${bare.sign({ dd: 1 })}`, 'Content-Type': 'application/json' };
    const body = JSON.stringify({ code: CODE, host: name });
    const { status } = await ask(`${bare.url}/api/webtask/test/claim`, { method: 'PUT', headers, body });
    expect(status).to.be.oneOf([400, 403]);
    await bare.close();
  });

  it('can claim an international name as browsers send it', async () => {
    expect(await put('owner', 'books', 'xn--bcher-kva.test')).to.equal(200);
    expect(await get('xn--bcher-kva.test', '/owner/books')).to.equal('owner /owner/books');
  });

  it('loses a host to who claimed it first, also at the same time', async () => {
    const claims = await Promise.all(['a', 'b', 'c', 'd'].map((container) => put(container, 'claim', 'race.test')));
    expect(claims.sort()).to.deep.equal([200, 403, 403, 403]);
  });

  it('cannot have it where it is given up, either', async () => {
    expect(await put('owner', 'brief', 'brief.test')).to.equal(200);
    const headers = { Authorization: `Bearer ${server.sign({ ten: 'owner', dd: 1 })}` };
    expect((await ask(`${server.url}/api/webtask/owner/brief`, { method: 'DELETE', headers })).status).to.equal(204);
    expect(await put('thief', 'claim', 'brief.test')).to.equal(403);
  });

  describe('cannot run under the host of another', () => {
    for (const [host, path] of [
      ['shop.test', '/thief/page'],
      ['shop.test', '/api/run/thief/page'],
      ['SHOP.test.:99', '/api/run/thief/page'],
      ['shop.test', '/api/run/%74hief/page'],
      ['shop.test', '/%74hief/page'],
      ['shop.test', '//thief/page'],
      ['owner.run.example.com', '/api/run/thief/page'],
      ['owner.run.example.com', '/thief/page'],
    ] as const) {
      it(`${host}${path}`, async () => {
        expect(await get(host, path)).to.equal('404');
      });
    }

    it('with code in the request', async () => {
      const headers = { Host: 'shop.test', Authorization: `Bearer ${server.sign({ ten: 'thief' })}` };
      const question = { method: 'POST', headers, body: 'return cb => cb(null, "ran")' };
      expect((await ask(`${server.url}/api/run/thief`, question)).status).to.equal(404);
    });

    it('and the owner can, by every way', async () => {
      expect(await get('shop.test', '/owner/page')).to.equal('owner /owner/page');
      expect(await get('shop.test', '/api/run/owner/page')).to.equal('owner /api/run/owner/page');
      expect(await get('owner.run.example.com', '/page')).to.equal('owner /page');
    });
  });

  it('is on the shared domain under a host that is of nobody, as under an address', async () => {
    for (const host of ['192.0.2.7:8721', '[2001:db8::1]', 'unknown.test']) {
      expect(await get(host, '/api/run/thief/page')).to.equal('thief /api/run/thief/page');
      expect(await get(host, '/thief/page')).to.equal('404');
    }
  });
});

import { expect } from 'chai';
import { apiError, ask, proxyError, startTestServer, type TestServer } from '../../../support/server.ts';

/** What browsers remember for more than the one answer. */
const REMEMBERED = {
  'Service-Worker-Allowed': '/',
  'Clear-Site-Data': '"cookies"',
  'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
  'Alt-Svc': 'h2="evil.test:443"',
  NEL: '{"report_to":"a","max_age":1}',
  'Report-To': '{"group":"a","max_age":1,"endpoints":[]}',
  'Accept-CH': 'Sec-CH-UA',
  'Set-Login': 'logged-out',
};
/** What is of one document. */
const OF_THE_DOCUMENT = {
  'Content-Security-Policy': "default-src 'none'",
  'Reporting-Endpoints': 'a="https://a.test"',
};

const CODE = `module.exports = (ctx, req, res) => {
  res.writeHead(200, ${JSON.stringify({ ...REMEMBERED, ...OF_THE_DOCUMENT })});
  res.end('body');
};`;
const COOKIES = `module.exports = (ctx, req, res) => {
  res.setHeader('Set-Cookie', [].concat(ctx.query.cookie));
  res.end();
};`;

describe('what a webtask tells browsers', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer(5_000, { runDomain: 'run.example.com', publicUrl: 'https://wt.example.com/base' });
    const put = async (container: string, name: string, code: string, host?: string) => {
      const headers = {
        Authorization: `Bearer ${server.sign({ ten: container, dd: 1 })}`,
        'Content-Type': 'application/json',
      };
      const body = JSON.stringify({ code, host });
      const answer = await ask(`${server.url}/api/webtask/${container}/${name}`, { method: 'PUT', headers, body });
      expect(answer.status, answer.body).to.equal(200);
    };
    await put('shop', 'headers', CODE, 'shop.example.com');
    await put('shop', 'cookies', COOKIES);
    await put('shop', 'hello', 'module.exports = cb => cb(null, "hello")', 'shop.test');
  });
  after(() => server.close());

  const PLACES = {
    shared: ['wt.example.com', '/api/run/shop/'],
    custom: ['shop.example.com', '/shop/'],
    elsewhere: ['shop.test', '/shop/'],
    wildcard: ['shop.run.example.com', '/'],
  } as const;
  const get = (place: keyof typeof PLACES, path: string, headers = {}, method = 'GET') => {
    const [host, base] = PLACES[place];
    return ask(server.url + (path.startsWith('/') ? path : base + path), {
      method,
      headers: { Host: host, ...headers },
    });
  };
  const kept = async (place: keyof typeof PLACES): Promise<string[]> => {
    const { headers, body } = await get(place, 'headers');
    expect(body).to.equal('body');
    for (const name of Object.keys(OF_THE_DOCUMENT)) expect(headers).to.have.property(name.toLowerCase());
    return Object.keys(REMEMBERED).filter((name) => name.toLowerCase() in headers);
  };
  const cookie = async (place: keyof typeof PLACES, ...cookies: string[]) => {
    const query = cookies.map((it) => `cookie=${encodeURIComponent(it)}`).join('&');
    return (await get(place, `cookies?${query}`)).headers['set-cookie'];
  };

  it('is on the shared domain nothing that would hold for other containers', async () => {
    expect(await kept('shared')).to.deep.equal([]);
  });

  it('is its own matter on a custom domain', async () => {
    expect(await kept('elsewhere')).to.deep.equal(Object.keys(REMEMBERED));
  });

  it('does not clear a site that it has in common with others', async () => {
    const withoutClearing = Object.keys(REMEMBERED).filter((it) => it !== 'Clear-Site-Data');
    expect(await kept('custom')).to.deep.equal(withoutClearing);
    expect(await kept('wildcard')).to.deep.equal(withoutClearing);
  });

  describe('about referrers', () => {
    it('is to send none, since a key may be in the URL', async () => {
      for (const place of ['shared', 'custom', 'wildcard'] as const) {
        expect((await get(place, 'hello')).headers['referrer-policy']).to.equal('no-referrer');
      }
      expect((await get('shared', '/api/run/shop?key=x')).headers['referrer-policy']).to.equal('no-referrer');
      expect((await get('shared', '/api/webtask/shop')).headers['referrer-policy']).to.equal('no-referrer');
    });

    it('may be something else', async () => {
      const code = 'return (ctx, req, res) => { res.setHeader("referrer-policy", "origin"); res.end() }';
      const key = await server.mint('referrer.js', code);
      expect((await ask(`${server.url}/api/run/test?key=${key}`)).headers['referrer-policy']).to.equal('origin');
    });
  });

  describe('with a cookie', () => {
    it('stays below the path of its container on the shared domain, under the public URL', async () => {
      expect(
        await cookie('shared', 'a=1; Path=/; Domain=example.com', '__Host-b=2; Path=/; Secure', 'c=3'),
      ).to.deep.equal(['a=1; Path=/base/api/run/shop', 'c=3; Path=/base/api/run/shop']);
    });

    it('does not reach the cluster or other containers from a host of its own', async () => {
      for (const domain of ['example.com', '.Example.COM', '%65xample.com', 'com', 'wt.example.com']) {
        expect(await cookie('custom', `a=1; Path=/; Domain=${domain}`), domain).to.deep.equal(['a=1; Path=/']);
      }
      // Its own host, too: the container `x.shop` is below it.
      const others = ['run.example.com', '.run.example.com', 'example.com', 'other.run.example.com'];
      for (const domain of [...others, 'shop.run.example.com', '.Shop.run.example.com']) {
        expect(await cookie('wildcard', `a=1; Domain=${domain}`), domain).to.deep.equal(['a=1']);
      }
    });

    it('is its own matter there otherwise', async () => {
      for (const own of ['a=1; Domain=shop.example.com', '__Host-a=1; Secure; Path=/', 'a=1; Path=/other']) {
        expect(await cookie('custom', own)).to.deep.equal([own]);
      }
      expect(await cookie('wildcard', '__Host-a=1; Secure; Path=/')).to.deep.equal(['__Host-a=1; Secure; Path=/']);
    });
  });

  describe('as a service worker', () => {
    const WORKER = { 'Service-Worker': 'script' };

    it('is refused on the shared domain, where it would see what others are asked', async () => {
      for (const path of ['hello', '/api/run/shop?key=x', '/api/run/shop']) {
        expect(apiError(await get('shared', path, WORKER)), path).to.deep.equal(
          proxyError(403, 'a service worker cannot be had on a domain that containers share'),
        );
      }
    });

    it('is its own matter on a domain of its own', async () => {
      for (const place of ['custom', 'wildcard'] as const) {
        expect((await get(place, 'hello', WORKER)).body).to.equal('"hello"');
      }
    });
  });

  for (const place of ['shared', 'custom', 'wildcard'] as const) {
    it(`is no icon: /favicon.ico is 404 and empty on the ${place} domain`, async () => {
      for (const method of ['GET', 'HEAD']) {
        const answer = await get(place, '/favicon.ico?v=1', {}, method);
        expect([answer.status, answer.body, answer.headers['content-length']]).to.deep.equal([404, '', '0']);
      }
    });

    it(`has with HEAD the headers of GET and no body on the ${place} domain`, async () => {
      const [whole, head] = [await get(place, 'hello'), await get(place, 'hello', {}, 'HEAD')];
      const comparable = ({ date, 'server-timing': timing, ...headers }: typeof whole.headers) => headers;
      expect([head.status, head.body]).to.deep.equal([200, '']);
      expect(comparable(head.headers)).to.deep.equal(comparable(whole.headers));
      expect(head.headers['content-length']).to.equal('7');
    });
  }
});

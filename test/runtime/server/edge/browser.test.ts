import { expect } from 'chai';
import { findBrowser, visit } from '../../../support/browser.ts';
import { startTestServer, type TestServer } from '../../../support/server.ts';

/** Webtasks that pages talk to; each answers in JSON. */
const WEBTASKS = {
  headers:
    'module.exports = (ctx, cb) => cb(null, { cookie: ctx.headers.cookie || "", referrer: ctx.headers.referer || "" });',
  cookie: 'module.exports = (ctx, req, res) => { res.setHeader("Set-Cookie", ctx.query.set); res.end("{}"); };',
  clear:
    'module.exports = (ctx, req, res) => { res.setHeader("Clear-Site-Data", \'"cookies", "storage"\'); res.end("{}"); };',
  worker: `module.exports = (ctx, req, res) => {
    res.writeHead(200, { 'Content-Type': 'text/javascript', 'Service-Worker-Allowed': '/' });
    res.end('self.addEventListener("fetch", (event) => event.respondWith(new Response("taken over")))');
  };`,
};

describe('in a real browser', function () {
  this.timeout(120_000); // a browser on a busy machine takes its time
  let server: TestServer;
  let browser: string;
  let port: string;

  before(async function () {
    const found = findBrowser();
    if (found === undefined) {
      console.log('    no chromium is installed: what browsers make of it is not tried');
      return this.skip();
    }
    browser = found;
    server = await startTestServer(5_000, { runDomain: 'run.localhost' });
    port = new URL(server.url).port;
    for (const container of ['shop', 'thief']) {
      for (const [name, code] of Object.entries(WEBTASKS)) await put(container, name, code);
    }
  });
  after(() => server?.close());

  const put = async (container: string, name: string, code: string, host?: string): Promise<void> => {
    const answer = await fetch(`${server.url}/api/webtask/${container}/${name}`, {
      method: 'PUT',
      headers: {
        Authorization: `Bearer ${server.sign({ ten: container, dd: 1 })}`,
        'Content-Type': 'application/json',
      },
      body: JSON.stringify({ code, host }),
    });
    expect(answer.status).to.equal(200);
  };

  /** Runs a script in a page of the container `thief`. Names of localhost count as secure, as https does. */
  const inPage = (place: 'shared' | 'wildcard' | 'elsewhere', script: string): Promise<unknown> => {
    const shared = `http://localhost:${port}`;
    const own = `http://thief.run.localhost:${port}`;
    const where = {
      shared: `${shared}/api/run/thief/page`,
      wildcard: `${own}/page`,
      elsewhere: `http://page.test:${port}/thief/page`,
    };
    const prelude = `const SHARED = '${shared}';
      const json = async (...request) => (await fetch(...request)).json();`;
    return visit(browser, {
      script: prelude + script,
      async serve(html) {
        const code = `module.exports = (ctx, req, res) => {
          res.writeHead(200, { 'Content-Type': 'text/html' });
          res.end(${JSON.stringify(html)});
        };`;
        await put('thief', 'page', code, place === 'elsewhere' ? 'page.test' : undefined);
        return where[place];
      },
    });
  };

  it('a page of another origin runs code with a token, as webtaskify.js does, and reads what came of it', async () => {
    const script = `return json(SHARED + '/api/run/test', {
      method: 'POST',
      headers: { Authorization: 'Bearer ${server.sign()}' },
      body: 'return function (cb) { cb(null, { ran: true }); }',
    })`;
    expect(await inPage('elsewhere', script)).to.deep.equal({ ran: true });
  });

  it('it reads why it may not, and the header that says who answered', async () => {
    const script = `const answer = await fetch(SHARED + '/api/run/test', { method: 'POST', headers: { Authorization: 'Bearer x' }, body: 'x' });
      return [answer.status, answer.headers.get('x-wt-response-source'), (await answer.json()).message];`;
    expect(await inPage('elsewhere', script)).to.deep.equal([
      403,
      'proxy',
      'rejecting request with untrusted opaque key',
    ]);
  });

  it('it reads nothing by the cookies that the browser has', async () => {
    const script = `return (await fetch(SHARED + '/api/run/shop/headers', { credentials: 'include' })).status`;
    expect(await inPage('elsewhere', script)).to.equal('TypeError: Failed to fetch');
  });

  it('a container sets no cookie for another one on the shared domain', async () => {
    const script = `const set = (text) => fetch('/api/run/thief/cookie?set=' + encodeURIComponent(text));
      await set('all=1; Path=/');
      await set('shop=1; Path=/api/run/shop');
      await set('domain=1; Path=/; Domain=localhost');
      await set('__Host-host=1; Path=/; Secure');
      await set('default=1');
      return [await json('/api/run/shop/headers'), await json('/api/run/thief/headers')].map((it) => it.cookie);`;
    const [shop, thief] = (await inPage('shared', script)) as [string, string];
    expect(shop).to.equal('');
    expect(thief.split('; ').sort()).to.deep.equal(['all=1', 'default=1', 'domain=1', 'shop=1']);
  });

  it('a container does not clear what others stored there', async () => {
    const script = `await fetch('/api/run/shop/cookie?set=kept%3D1');
      localStorage.setItem('kept', '1');
      await fetch('/api/run/thief/clear');
      return [(await json('/api/run/shop/headers')).cookie, localStorage.getItem('kept')];`;
    expect(await inPage('shared', script)).to.deep.equal(['kept=1', '1']);
  });

  const REGISTER = `const register = (url, scope) => navigator.serviceWorker.register(url, scope ? { scope } : {})
    .then((it) => new URL(it.scope).pathname, (error) => error.name);`;

  it('no container has a service worker there', async () => {
    const script = `${REGISTER} const url = '/api/run/thief/worker';
      return [await register(url), await register(url, '/'), await register(url, '/api/run/shop/'), (await navigator.serviceWorker.getRegistrations()).length];`;
    expect(await inPage('shared', script)).to.deep.equal(['TypeError', 'TypeError', 'TypeError', 0]);
  });

  it('a container has one on a domain of its own', async () => {
    expect(await inPage('wildcard', `${REGISTER} return register('/worker', '/')`)).to.equal('/');
  });

  it('a page tells nobody its address, where a key may be', async () => {
    const script = `const seen = async (url) => (await json(url)).referrer;
      return [await seen('/api/run/shop/headers'), await seen('http://shop.run.localhost:${port}/headers')];`;
    expect(await inPage('shared', script)).to.deep.equal(['', '']);
  });
});

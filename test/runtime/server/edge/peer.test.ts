import type { IncomingMessage } from 'node:http';
import { expect } from 'chai';
import { createPeerReader } from '../../../../runtime/server/edge/peer.ts';
import { exchange, readAnswer } from '../../../support/raw-http.ts';
import { refusalOf } from '../../../support/refusal.ts';
import { startTestServer } from '../../../support/server.ts';

/** Who sends, and what it says of others. */
const read = (from: string, headers: readonly string[], trusted = ['10.0.0.0/8', '2001:db8::/32', '127.0.0.1']) => {
  const rawHeaders = headers.flatMap((it) => it.split(/: (.*)/s).slice(0, 2));
  const req = { socket: { remoteAddress: from }, rawHeaders } as unknown as IncomingMessage; // what is read of it
  const { address, protocol, host } = createPeerReader(trusted, undefined)(req, 'wt.test');
  return [address, protocol, host];
};

describe('who a request is from', () => {
  const ALL = ['X-Forwarded-For: 192.0.2.1', 'X-Forwarded-Proto: https', 'X-Forwarded-Host: public.test'];

  for (const [why, from, headers, expected] of [
    ['is the other end of the connection', '192.0.2.9', [], ['192.0.2.9', 'http', 'wt.test']],
    ['is nobody else, whatever it says', '192.0.2.9', ALL, ['192.0.2.9', 'http', 'wt.test']],
    ['is said by a proxy that is trusted', '10.1.2.3', ALL, ['192.0.2.1', 'https', 'public.test']],
    ['is said by one on IPv4 within IPv6', '::ffff:10.1.2.3', ALL, ['192.0.2.1', 'https', 'public.test']],
    ['is said by one on IPv6', '2001:db8::1', ALL, ['192.0.2.1', 'https', 'public.test']],
    [
      'is whom the proxy saw, not whom that one named',
      '10.1.2.3',
      [
        'X-Forwarded-For: 203.0.113.7, 192.0.2.1',
        'X-Forwarded-Proto: https, http',
        'X-Forwarded-Host: evil.test, a.test',
      ],
      ['192.0.2.1', 'http', 'a.test'],
    ],
    [
      'is behind as many proxies as are trusted',
      '10.1.2.3',
      ['X-Forwarded-For: 203.0.113.7', 'X-Forwarded-For: 192.0.2.1, 10.9.9.9, [2001:db8::5]:80'],
      ['192.0.2.1', 'http', 'wt.test'],
    ],
    [
      'is one of them where there is nobody else',
      '10.1.2.3',
      ['X-Forwarded-For: 10.2.2.2, 10.3.3.3'],
      ['10.2.2.2', 'http', 'wt.test'],
    ],
    [
      'is the last address before what is none',
      '10.1.2.3',
      ['X-Forwarded-For: 192.0.2.1, unknown, 10.3.3.3'],
      ['10.3.3.3', 'http', 'wt.test'],
    ],
    [
      'is the proxy where it says nothing that is an address',
      '10.1.2.3',
      ['X-Forwarded-For: me'],
      ['10.1.2.3', 'http', 'wt.test'],
    ],
    ['has its port left out', '10.1.2.3', ['X-Forwarded-For: 192.0.2.1:4711'], ['192.0.2.1', 'http', 'wt.test']],
    ['has a host that is one', '10.1.2.3', ['X-Forwarded-Host: a/b'], ['10.1.2.3', 'http', 'wt.test']],
    [
      'may be said by Forwarded',
      '10.1.2.3',
      [
        'Forwarded: for=203.0.113.7;proto=http, For="192.0.2.1:80"; Proto=HTTPS;host="public.test:8443", for=10.2.2.2;host=inner',
      ],
      ['192.0.2.1', 'https', 'public.test:8443'],
    ],
    [
      'may be on IPv6 there',
      '10.1.2.3',
      ['Forwarded: for="[2001:0db9::0001]:4711";proto=https'],
      ['2001:db9::1', 'https', 'wt.test'],
    ],
    [
      'is not said by Forwarded where there is X-Forwarded-, since most proxies pass on the one and set the other',
      '10.1.2.3',
      ['Forwarded: for=203.0.113.7;host=evil.test', 'X-Forwarded-For: 192.0.2.1'],
      ['192.0.2.1', 'http', 'wt.test'],
    ],
  ] as const) {
    it(why, () => {
      expect(read(from, headers)).to.deep.equal(expected);
    });
  }

  it('makes requests by https where they are for the public URL, since that says so', () => {
    const readPeer = createPeerReader([], 'https://wt.test');
    const req = { socket: { remoteAddress: '192.0.2.9' }, rawHeaders: [] } as unknown as IncomingMessage; // see above
    expect(readPeer(req, 'WT.test').protocol).to.equal('https');
    expect(readPeer(req, 'other.test').protocol).to.equal('http');
  });

  for (const wrong of ['10.0.0.0/33', 'proxy.test', '10.1', '10.0.0.0/', '', '0x7f.0.0.1', '10.0.0.1-10.0.0.9']) {
    it(`cannot be said by "${wrong}", which is no address`, async () => {
      expect(await refusalOf((async () => createPeerReader([wrong], undefined))())).to.deep.equal({
        code: 'SETTING_INVALID',
        message: `--trust-proxy cannot be used: ${wrong} is neither an IP address nor a network such as 10.0.0.0/8.`,
        fix: undefined,
      });
    });
  }
});

describe('a webtask behind a proxy', () => {
  const FORGED = [
    'X-Forwarded-For: 203.0.113.7',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Host: shop.test',
    'X-Forwarded-Port: 1',
    'X-Forwarded: x',
    'Forwarded: for=203.0.113.7',
    'X-Real-IP: 203.0.113.7',
    'CF-Connecting-IP: 203.0.113.7',
    'True-Client-IP: 203.0.113.7',
    'X-Original-URL: /admin',
    'X-Rewrite-URL: /admin',
  ];
  const CODE = `module.exports = (ctx, req, res) => {
    const raw = req.rawHeaders.filter((_, i) => i % 2 === 0).map((it) => it.toLowerCase()).sort();
    res.end(JSON.stringify({ headers: req.headers, raw, address: req.connection.remoteAddress }));
  };`;

  async function seen(trustedProxies: string[], host: string, path: string) {
    const server = await startTestServer(5_000, { trustedProxies });
    const token = server.sign({ dd: 1 });
    await fetch(`${server.url}/api/webtask/test/echo`, {
      method: 'PUT',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ code: CODE, host: 'shop.test' }),
    });
    const head = [`GET ${path} HTTP/1.0`, `Host: ${host}`, ...FORGED, '', ''].join('\r\n');
    const { status, body } = readAnswer(await exchange(server.url, head));
    await server.close();
    return { status, ...JSON.parse(body) };
  }

  it('sees who it is from in the words of the server, and no forged ones', async () => {
    expect(await seen([], 'a.test', '/api/run/test/echo')).to.deep.equal({
      status: 200,
      headers: {
        host: 'a.test',
        'x-forwarded-host': 'a.test',
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-proto': 'http',
      },
      raw: ['host', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto'],
      address: '127.0.0.1',
    });
  });

  it('sees what the proxy says where that is trusted, and is found under the host that it names', async () => {
    expect(await seen(['127.0.0.1'], 'inner:8721', '/test/echo')).to.deep.equal({
      status: 200,
      headers: {
        host: 'shop.test',
        'x-forwarded-host': 'shop.test',
        'x-forwarded-for': '203.0.113.7',
        'x-forwarded-proto': 'https',
      },
      raw: ['host', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto'],
      address: '203.0.113.7',
    });
  });

  it('is not found under a host that somebody else names', async () => {
    expect(await seen([], 'inner:8721', '/test/echo')).to.include({ status: 404 });
  });
});

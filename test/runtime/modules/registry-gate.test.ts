import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect } from 'chai';
import type { NpmSettings } from '../../../runtime/modules/npm-settings.ts';
import { openRegistryGate, type RegistryGate } from '../../../runtime/modules/registry-gate.ts';
import { type Origin, startOrigin } from '../../support/origin.ts';

describe('the way out that npm has', () => {
  let registry: Origin;
  let other: Origin;
  let gate: RegistryGate;
  const settings = (more: Partial<NpmSettings> = {}): NpmSettings => ({
    registries: new Set([registry.origin, registry.origin.replace('http:', 'https:'), 'https://npm.example']),
    proxyOf: () => undefined,
    ...more,
  });

  before(async () => {
    registry = await startOrigin((req, res) => res.end(`registry ${req.method} ${req.url}`));
    other = await startOrigin((_, res) => res.end('other'));
  });
  beforeEach(async () => {
    gate = await openRegistryGate(settings());
  });
  afterEach(() => gate.close());
  after(async () => {
    await registry.close();
    await other.close();
  });

  /** Asks the gate, as npm does without TLS. */
  async function ask(url: string): Promise<[number | undefined, string]> {
    const { hostname, port } = new URL(gate.url);
    const asked = request({ host: hostname, port, path: url, agent: false }).end();
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]; // as documented
    return [answer.statusCode, (await answer.toArray()).join('')];
  }

  /** Asks the gate for a connection, as npm does with TLS, and sends one text through it. */
  async function join(target: string, text = ''): Promise<string> {
    const { hostname, port } = new URL(gate.url);
    const socket = connect(Number(port), hostname);
    socket.end(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n${text}`);
    let got = '';
    socket.setEncoding('utf8').on('data', (chunk) => {
      got += chunk;
    });
    await once(socket, 'close');
    return got;
  }

  it('leads to a registry, with TLS and without', async () => {
    expect(await ask(`${registry.origin}/fake-one?a=1`)).to.deep.equal([200, 'registry GET /fake-one?a=1']);
    const { host } = new URL(registry.origin);
    const got = await join(host, `GET /tunnelled HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    expect(got).to.match(/^HTTP\/1\.1 200 OK\r\n\r\nHTTP\/1\.1 200 OK\r\n[\s\S]*registry GET \/tunnelled/);
    expect(gate.refused).to.deep.equal([]);
  });

  it('leads nowhere else: not to another port or host, nor to what is no URL', async () => {
    const { host } = new URL(other.origin);
    expect(await ask(`${other.origin}/x`)).to.deep.equal([403, '']);
    expect(await ask('/x')).to.deep.equal([403, '']);
    expect(await join(host)).to.equal('HTTP/1.1 403 Forbidden\r\n\r\n');
    expect(await join('169.254.169.254:443')).to.equal('HTTP/1.1 403 Forbidden\r\n\r\n');
    expect(await join('npm.example@127.0.0.1:9')).to.equal('HTTP/1.1 403 Forbidden\r\n\r\n');
    expect(gate.refused).to.deep.equal([
      `${other.origin}/x`,
      '/x',
      `https://${host}`,
      'https://169.254.169.254:443',
      'https://npm.example@127.0.0.1:9',
    ]);
    expect(other.requests).to.deep.equal([]);
  });

  it('is closed with all that goes through it', async () => {
    const { hostname, port } = new URL(gate.url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    const closed = once(socket, 'close');
    gate.close();
    await closed;
  });

  describe('where a proxy leads to the registry', () => {
    const heads: string[] = [];
    let proxy: ReturnType<typeof createServer>;
    let answer: string;
    const sockets: Socket[] = [];

    beforeEach(async () => {
      heads.length = 0;
      proxy = createServer((socket) => {
        sockets.push(socket.on('error', () => undefined));
        socket.once('data', (chunk) => {
          heads.push(chunk.toString());
          socket.end(answer);
        });
      }).listen(0, '127.0.0.1');
      await once(proxy, 'listening');
      const { port } = proxy.address() as AddressInfo; // it listens on TCP
      gate.close();
      gate = await openRegistryGate(settings({ proxyOf: () => new URL(`http://me:p%40ss@127.0.0.1:${port}`) }));
    });
    afterEach(() => {
      for (const socket of sockets) socket.destroy();
      proxy.close();
    });

    const LOGIN = `Basic ${Buffer.from('me:p@ss').toString('base64')}`;

    it('asks it for a connection, with its password', async () => {
      answer = 'HTTP/1.1 200 Connection established\r\n\r\nTLS';
      expect(await join('npm.example:443')).to.equal('HTTP/1.1 200 OK\r\n\r\nTLS');
      expect(heads).to.deep.equal([
        `CONNECT npm.example:443 HTTP/1.1\r\nHost: npm.example:443\r\nProxy-Authorization: ${LOGIN}\r\n\r\n`,
      ]);
    });

    it('joins nothing where that does not connect', async () => {
      answer = 'HTTP/1.1 407 Proxy Authentication Required\r\n\r\n';
      expect(await join('npm.example:443')).to.equal('');
      expect(gate.unreachable).to.deep.equal(['the proxy 127.0.0.1 does not connect']);
    });

    it('passes on what comes without TLS, with its password', async () => {
      answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi';
      expect(await ask(`${registry.origin}/fake-one`)).to.deep.equal([200, 'hi']);
      expect(heads[0]).to.match(new RegExp(`^GET ${registry.origin}/fake-one HTTP/1\\.1\\r\\n`));
      expect(heads[0]).to.include(`\r\nProxy-Authorization: ${LOGIN}\r\n`);
    });
  });
});

import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { connect as connectByTls } from 'node:tls';
import type { NpmSettings } from './npm-settings.ts';

/** The one way out that npm has. */
export interface RegistryGate {
  /** Of this proxy. */
  readonly url: string;
  /** What npm asked for that is at no registry: URLs, and the origins of those with TLS. Nothing was sent there. */
  readonly refused: readonly string[];
  /** Why a registry, or the proxy before it, could not be reached. */
  readonly unreachable: readonly string[];
  close(): void;
}

/** What an answer of a proxy that has connected begins with. */
const CONNECTED = /^HTTP\/1\.[01] 200 /;
const LONGEST_HEAD = 8_192;

/**
 * Opens a proxy on this machine that leads to registries and nowhere else.
 *
 * A package may depend on any URL, and npm asks for it while it finds out what there is to install: from the network of
 * the server, whose metadata service and neighbours answer it.
 *
 * @see RFC 9110 sections 7.6 and 9.3.6
 */
export async function openRegistryGate({ registries, proxyOf }: NpmSettings): Promise<RegistryGate> {
  const refused: string[] = [];
  const unreachable: string[] = [];
  const sockets = new Set<Socket>();
  const track = (socket: Socket): Socket => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    return socket.on('error', () => socket.destroy());
  };
  /** The registry at a URL. */
  const admit = (text: string): URL | undefined => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url && registries.has(url.origin)) return url;
    refused.push(text);
    return undefined;
  };

  /** Passes a request without TLS on. */
  function pass(req: IncomingMessage, res: ServerResponse): void {
    const url = admit(req.url ?? '');
    if (url?.protocol !== 'http:') return void res.writeHead(403).end();
    const { 'proxy-authorization': _, 'proxy-connection': __, ...headers } = req.headers;
    const proxy = proxyOf(url);
    const at = proxy
      ? { host: proxy.hostname, port: proxy.port || 80, path: url.href, headers: { ...headers, ...loginAt(proxy) } }
      : { host: bare(url.hostname), port: url.port || 80, path: url.pathname + url.search, headers };
    const passed = request({ ...at, method: req.method, agent: false }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(res);
    });
    passed.on('error', ({ message }) => {
      unreachable.push(message);
      res.destroy();
    });
    req.pipe(passed);
  }

  /** Joins npm with a registry that it speaks TLS with. */
  function tunnel(req: IncomingMessage, socket: Socket, head: Buffer): void {
    const url = admit(`https://${req.url}`);
    if (!url) return void socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    const port = url.port || '443';
    const proxy = proxyOf(url);
    const join = (other: Socket, more?: Buffer): void => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      if (more?.length) socket.write(more);
      if (head.length > 0) other.write(head);
      other.pipe(socket).pipe(other);
      other.once('close', () => socket.destroy());
      socket.once('close', () => other.destroy());
    };
    const giveUpOnError = (other: Socket): Socket =>
      other.once('error', ({ message }) => {
        unreachable.push(message);
        socket.destroy();
      });
    if (!proxy) {
      const other = track(connect(Number(port), bare(url.hostname)));
      return void giveUpOnError(other).once('connect', () => join(other));
    }
    const at = { port: Number(proxy.port || (proxy.protocol === 'https:' ? 443 : 80)), host: bare(proxy.hostname) };
    const other = track(proxy.protocol === 'https:' ? connectByTls({ ...at, servername: at.host }) : connect(at));
    const login = Object.entries(loginAt(proxy)).map(([name, value]) => `${name}: ${value}\r\n`);
    const target = `${url.hostname}:${port}`;
    other.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${login.join('')}\r\n`);
    giveUpOnError(other);
    let answer = Buffer.alloc(0);
    other.on('data', function look(chunk: Buffer) {
      answer = Buffer.concat([answer, chunk]);
      const end = answer.indexOf('\r\n\r\n');
      if (end < 0 && answer.length < LONGEST_HEAD) return;
      other.off('data', look);
      if (CONNECTED.test(answer.toString('latin1'))) return join(other, answer.subarray(end + 4));
      unreachable.push(`the proxy ${at.host} does not connect`);
      socket.destroy();
    });
  }

  const server = createServer(pass);
  server.on('connection', track);
  server.on('connect', tunnel);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo; // it listens on TCP
  return {
    url: `http://127.0.0.1:${port}`,
    refused,
    unreachable,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function loginAt({ username, password }: URL): Record<string, string> {
  if (username === '') return {};
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'Proxy-Authorization': `Basic ${Buffer.from(login).toString('base64')}` };
}

/** An IPv6 address without its brackets. */
function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '');
}

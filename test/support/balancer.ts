import { request } from 'node:http';
import { startOrigin } from './origin.ts';

/** A proxy in front of several servers, which answer by turns: no caller has one of his own. */
export interface Balancer {
  readonly origin: string;
  /** The URLs of the servers; may change while requests come. */
  servers: readonly string[];
  /** By which of them requests were answered, in order. */
  readonly answered: readonly string[];
  close(): Promise<void>;
}

/** Starts a balancer. A request whose server does not answer is a 502, as behind any proxy. */
export async function startBalancer(servers: readonly string[]): Promise<Balancer> {
  const answered: string[] = [];
  let turn = 0;
  const proxy = await startOrigin((req, res) => {
    const server = balancer.servers[turn++ % balancer.servers.length] ?? '';
    const { method, headers, url: path = '/' } = req;
    const forwarded = request(new URL(path, server), { method, headers, agent: false }, (answer) => {
      answered.push(server);
      res.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(res);
    });
    forwarded.on('error', () => (res.headersSent ? res.destroy() : res.writeHead(502).end()));
    req.pipe(forwarded);
  });
  const balancer: Balancer = { origin: proxy.origin, servers, answered, close: proxy.close };
  return balancer;
}

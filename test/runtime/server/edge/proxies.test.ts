import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { MAX_TOKEN_LENGTH } from '../../../../runtime/token/index.ts';
import { makeCertificate } from '../../../support/certificate.ts';
import { runCode, startTestServer, type TestServer } from '../../../support/server.ts';

const PAGE = readFileSync(new URL('../../../../docs/server.md', import.meta.url), 'utf8');

/** The example of a page in one language. */
function example(language: string): string {
  const found = new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 's').exec(PAGE)?.[1];
  if (found === undefined) throw new Error(`docs/server.md has no example in ${language}`);
  return found;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on TCP
  server.close();
  return port;
}

/** Waits until somebody listens. */
async function listening(port: number, program: ChildProcess): Promise<void> {
  for (;;) {
    if (program.exitCode !== null) throw new Error(`it ended with ${program.exitCode}`);
    const socket = connect(port, '127.0.0.1');
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Each is given the port it listens on, that of the server, and the files of a certificate. */
const PROXIES = {
  nginx: (port: number, upstream: string, folder: string) => {
    const server = example('nginx')
      .replace('listen 443 ssl', `listen 127.0.0.1:${port} ssl`)
      .replace('/etc/ssl/wt.pem', join(folder, 'cert.pem'))
      .replace('/etc/ssl/wt.key', join(folder, 'key.pem'))
      .replace('127.0.0.1:8721', upstream);
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((it) => `${it}_temp_path ${folder}/${it};`);
    writeFileSync(
      join(folder, 'nginx.conf'),
      `daemon off; master_process off; pid ${folder}/pid; error_log stderr;
       events {} http { access_log off; ${paths.join(' ')} ${server} }`,
    );
    return ['nginx', '-c', join(folder, 'nginx.conf'), '-e', 'stderr'];
  },
  caddy: (port: number, upstream: string, folder: string) => {
    const site = example('caddyfile')
      .replace(
        'wt.example.com {',
        `https://wt.example.com:${port} {\n bind 127.0.0.1\n tls ${folder}/cert.pem ${folder}/key.pem`,
      )
      .replace('127.0.0.1:8721', upstream);
    writeFileSync(join(folder, 'Caddyfile'), `{\n admin off\n auto_https disable_redirects\n}\n${site}`);
    return ['caddy', 'run', '--config', join(folder, 'Caddyfile'), '--adapter', 'caddyfile'];
  },
} as const;

for (const [name, configure] of Object.entries(PROXIES)) {
  describe(`behind ${name}, as docs/server.md has it`, () => {
    let folder: string;
    let server: TestServer;
    let proxy: ChildProcess;
    let port: number;

    before(async function () {
      if (spawnSync(name, ['version']).error) {
        console.log(`    ${name} is not installed: nothing is tried behind it`);
        return this.skip();
      }
      folder = mkdtempSync(join(tmpdir(), 'webtask-proxy-'));
      mkdirSync(join(folder, 'home'));
      const { pem, keyPem } = makeCertificate();
      writeFileSync(join(folder, 'cert.pem'), pem);
      writeFileSync(join(folder, 'key.pem'), keyPem);
      port = await freePort();
      server = await startTestServer(5_000, {
        publicUrl: `https://wt.example.com:${port}`,
        trustedProxies: ['127.0.0.1'],
      });
      const [program = name, ...parameters] = configure(port, new URL(server.url).host, folder);
      proxy = spawn(program, parameters, {
        env: { PATH: process.env.PATH, HOME: join(folder, 'home') },
        stdio: 'ignore',
      });
      await listening(port, proxy);
    });
    after(async () => {
      if (proxy?.exitCode === null) {
        proxy.kill();
        await once(proxy, 'exit');
      }
      await server?.close();
      if (folder) rmSync(folder, { recursive: true, force: true });
    });

    /** Asks the proxy. */
    const ask = (path: string, headers: Record<string, string> = {}, body?: string) =>
      new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
        const call = request(
          {
            port,
            host: '127.0.0.1',
            servername: 'wt.example.com',
            rejectUnauthorized: false, // the certificate is its own issuer's
            path,
            method: body === undefined ? 'GET' : 'POST',
            headers: { Host: `wt.example.com:${port}`, ...headers },
          },
          (res) => {
            let text = '';
            res.setEncoding('utf8').on('data', (chunk) => {
              text += chunk;
            });
            res.once('end', () => resolve({ status: res.statusCode, text }));
          },
        );
        call.once('error', reject).end(body);
      });

    it('a webtask sees the caller, its protocol and its host, and nothing that the caller made up', async () => {
      const code = `return (ctx, cb) => {
        const { host, forwarded, 'x-real-ip': ip, 'x-forwarded-for': from, 'x-forwarded-proto': by, 'x-forwarded-host': to } = ctx.headers;
        cb(null, { host, forwarded, ip, from, by, to });
      }`;
      const forged = {
        'X-Forwarded-For': '203.0.113.7',
        'X-Forwarded-Proto': 'gopher',
        Forwarded: 'for=203.0.113.7',
        'X-Real-IP': '203.0.113.7',
      };
      const { status, text } = await ask(`/api/run/test?key=${server.sign()}`, forged, code);
      expect(status, text).to.equal(200);
      const host = `wt.example.com:${port}`;
      expect(JSON.parse(text)).to.deep.equal({ host, from: '127.0.0.1', by: 'https', to: host });
    });

    it('a token of the largest size fits into the URL', async () => {
      const { status, text } = await ask(`/api/run/test?key=${'x'.repeat(MAX_TOKEN_LENGTH)}`, {}, 'x');
      expect([status, JSON.parse(text).message]).to.deep.equal([403, 'rejecting request with untrusted opaque key']);
    });

    it('a token of the largest size is issued, with the URL that has it in a header', async () => {
      const headers = { Authorization: `Bearer ${server.sign({ dd: 1 })}`, 'Content-Type': 'application/json' };
      const claims = { code: 'return cb => cb(null, 1)', pctx: { a: 'a'.repeat(10_250) } };
      const { status, text } = await ask('/api/tokens/issue', headers, JSON.stringify(claims));
      expect(status, text).to.equal(200);
      expect(text.length).to.be.within(MAX_TOKEN_LENGTH - 200, MAX_TOKEN_LENGTH);
    });

    it('a stream comes as it is written', async () => {
      const code = 'return (ctx, req, res) => { res.write("first"); global.written = res; }';
      const end = 'return (cb) => { global.written.end(" and last"); cb(null, "ended"); }';
      const pieces: string[] = [];
      await new Promise<void>((resolve, reject) => {
        const call = request(
          {
            port,
            host: '127.0.0.1',
            servername: 'wt.example.com',
            rejectUnauthorized: false,
            method: 'POST',
            path: `/api/run/test?key=${server.sign()}`,
            headers: { Host: `wt.example.com:${port}` },
          },
          (res) => {
            res.setEncoding('utf8').on('data', (piece: string) => pieces.push(piece));
            res.once('data', () => void runCode(server, end).catch(reject)).once('end', resolve);
          },
        );
        call.once('error', reject).end(code);
      });
      expect(pieces).to.deep.equal(['first', ' and last']);
    });
  });
}

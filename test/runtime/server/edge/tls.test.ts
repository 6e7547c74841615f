import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { expect } from 'chai';
import { type RunningServer, startServer } from '../../../../runtime/server/index.ts';
import { makeCertificate } from '../../../support/certificate.ts';
import { exchange, readAnswer } from '../../../support/raw-http.ts';
import { refusalOf } from '../../../support/refusal.ts';
import { CLUSTER } from '../../../support/server.ts';

describe('a server with a certificate of its own', () => {
  const [first, second] = [makeCertificate(), makeCertificate()];
  let folder: string;
  let cert: string;
  let key: string;
  let server: RunningServer | undefined;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'webtask-tls-'));
    [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    writeFileSync(cert, first.pem);
    writeFileSync(key, first.keyPem);
  });
  afterEach(async () => {
    await server?.close();
    server = undefined;
    rmSync(folder, { recursive: true, force: true });
  });

  const start = async (tls: { cert?: string; key?: string } = { cert, key }): Promise<RunningServer> => {
    server = await startServer({
      isolation: 'inline',
      port: 0,
      host: '127.0.0.1',
      dataFolder: folder,
      env: CLUSTER,
      allowedOrigins: [],
      limitMs: 1000,
      timeLimits: { headers: 100 },
      onLine: () => undefined,
      onError: () => undefined,
      tls,
    });
    return server;
  };
  const open = async ({ url }: RunningServer, options: ConnectionOptions = {}): Promise<TLSSocket> => {
    // The certificate is its own issuer's; which one it is, is looked at.
    const socket = connect({
      port: Number(new URL(url).port),
      host: '127.0.0.1',
      rejectUnauthorized: false,
      ...options,
    });
    await once(socket, 'secureConnect');
    return socket;
  };
  const certificateOf = async (running: RunningServer): Promise<string> => {
    const socket = await open(running);
    const { fingerprint256 } = socket.getPeerCertificate();
    socket.destroy();
    return fingerprint256.replaceAll(':', '').toLowerCase();
  };

  it('says https in its URL, and speaks HTTP/1.1 only', async () => {
    const running = await start();
    expect(running.url).to.match(/^https:\/\/127\.0\.0\.1:\d+$/);
    const socket = await open(running, { ALPNProtocols: ['h2', 'http/1.1'] });
    expect(socket.alpnProtocol).to.equal('http/1.1');
    socket.write('GET /favicon.ico HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    let text = '';
    for await (const chunk of socket.setEncoding('utf8')) text += chunk;
    expect(readAnswer(text).status).to.equal(404);
  });

  it('tells webtasks that requests came by https', async () => {
    const running = await start();
    const socket = await open(running);
    const { loadKeySet, signToken } = await import('../../../../runtime/token/index.ts');
    const token = signToken({ ten: 'test' }, await loadKeySet({ dataFolder: folder, env: CLUSTER }), Date.now() / 1000);
    const code = 'return (ctx, cb) => cb(null, ctx.headers["x-forwarded-proto"])';
    socket.write(
      `POST /api/run/test?key=${token} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${code.length}\r\n\r\n${code}`,
    );
    let text = '';
    for await (const chunk of socket.setEncoding('utf8')) text += chunk;
    expect(readAnswer(text).body).to.equal('"https"');
  });

  it('takes TLS 1.2 and later', async () => {
    const running = await start();
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const socket = await open(running, { minVersion: version, maxVersion: version });
      expect(socket.getProtocol()).to.equal(version);
      socket.destroy();
    }
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    expect((await open(running, old).catch((error) => error)).code).to.equal('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
  });

  it('closes connections that never come to TLS, and answers the others', async () => {
    const running = await start();
    expect(await exchange(running.url, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')).not.to.contain('HTTP/1.1');
    expect(await exchange(running.url)).to.equal(''); // after the time for headers
    expect(await certificateOf(running)).to.equal(first.fingerprint);
  });

  it('takes another certificate for new connections when it is told to', async () => {
    const running = await start();
    expect(await certificateOf(running)).to.equal(first.fingerprint);
    writeFileSync(cert, second.pem);
    writeFileSync(key, second.keyPem);
    expect(await certificateOf(running)).to.equal(first.fingerprint);
    await running.reloadTls();
    expect(await certificateOf(running)).to.equal(second.fingerprint);
  });

  it('keeps the one it has where the other cannot be used', async () => {
    const running = await start();
    writeFileSync(cert, second.pem);
    expect((await refusalOf(running.reloadTls())).code).to.equal('TLS_PAIR_INVALID');
    expect(await certificateOf(running)).to.equal(first.fingerprint);
  });

  describe('does not start', () => {
    it('with a key of another certificate', async () => {
      writeFileSync(key, second.keyPem);
      const { code, message, fix } = await refusalOf(start());
      expect({ code, fix }).to.deep.equal({
        code: 'TLS_PAIR_INVALID',
        fix: 'Name two PEM files: the certificate with those that issued it, and the private key that belongs to it.',
      });
      expect(message).to.match(
        /^The certificate .*cert\.pem and the key .*key\.pem cannot be used together: .*key.*mismatch\.$/,
      );
    });

    it('with a file that is no PEM', async () => {
      writeFileSync(cert, 'certificate');
      expect((await refusalOf(start())).code).to.equal('TLS_PAIR_INVALID');
    });

    it('with a file that is not there', async () => {
      const missing = join(folder, 'missing.pem');
      expect(await refusalOf(start({ cert, key: missing }))).to.deep.equal({
        code: 'TLS_FILE_UNREADABLE',
        message: `The file ${missing} for TLS cannot be read: it is not there.`,
        fix: undefined,
      });
    });

    it('with one file only', async () => {
      for (const half of [{ cert }, { key }]) {
        expect(await refusalOf(start(half))).to.deep.equal({
          code: 'TLS_HALF',
          message: 'TLS needs both --tls-cert and --tls-key, and there is only one of them.',
          fix: 'Name both, or neither.',
        });
      }
    });
  });
});

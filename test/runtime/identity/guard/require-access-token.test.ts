import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { expect } from 'chai';
import fastify from 'fastify';
import { freezeDate } from '../../../../runtime/harness/index.ts';
import {
  type AccessGuard,
  type GuardOptions,
  type JwtClaims,
  requireAccessToken,
} from '../../../../runtime/identity/index.ts';
import { CLAIMS, issuerKey, verifierOf } from '../../../support/access-token.ts';
import { NOW } from '../../../support/keys.ts';
import { refusalIn } from '../../../support/refusal.ts';
import { revocationOf } from '../../../support/revocation-checker.ts';

/** What is used of Express, which has no types here. */
interface ExpressApp {
  use(guard: AccessGuard): void;
  get(path: string, answer: (req: { auth?: object }, res: { json(value: unknown): void }) => void): void;
  listen(port: number, host: string): Server;
}
const express = createRequire(import.meta.url)('express') as () => ExpressApp;

const KEY = issuerKey('k1');
const verifier = verifierOf([KEY]);

/** A server that is guarded, and says whose token came. */
interface Api {
  readonly url: string;
  close(): Promise<unknown>;
}

async function expressApi(guard: AccessGuard): Promise<Api> {
  const app = express();
  app.use(guard);
  app.get('/', (req, res) => res.json(req.auth));
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number }; // it listens on TCP
  return { url: `http://127.0.0.1:${port}/`, close: () => new Promise((resolve) => server.close(resolve)) };
}

async function fastifyApi(guard: AccessGuard): Promise<Api> {
  const app = fastify();
  app.addHook('onRequest', guard);
  app.get('/', async (req) => (req as { auth?: unknown }).auth);
  return { url: `${await app.listen({ port: 0, host: '127.0.0.1' })}/`, close: () => app.close() };
}

/** What Connect is: functions of request, response and `next`, over Node's own server. */
async function connectApi(guard: AccessGuard): Promise<Api> {
  const server = createServer((req: IncomingMessage & { auth?: JwtClaims }, res) => {
    guard(req, res, (error) => {
      res
        .writeHead(error ? 500 : 200, { 'Content-Type': 'application/json' })
        .end(JSON.stringify(error ? {} : req.auth));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number }; // it listens on TCP
  return { url: `http://127.0.0.1:${port}/`, close: () => new Promise((resolve) => server.close(resolve)) };
}

for (const [framework, start] of [
  ['Connect', connectApi],
  ['Express', expressApi],
  ['Fastify', fastifyApi],
] as const) {
  describe(`an API of ${framework} that requires access tokens`, () => {
    let api: Api | undefined;
    beforeEach(() => freezeDate(NOW * 1000));
    afterEach(() => api?.close());

    /** What is answered to a request with that header. */
    async function answer(authorization: string | undefined, options: Partial<GuardOptions> = {}, path = '') {
      api = await start(requireAccessToken({ verifier, ...options }));
      const headers = { Connection: 'close', ...(authorization !== undefined && { Authorization: authorization }) };
      const response = await fetch(`${api.url}${path}`, { headers });
      const { status } = response;
      const challenge = response.headers.get('www-authenticate');
      return { status, challenge, retryAfter: response.headers.get('retry-after'), body: await response.json() };
    }
    const refused = (status: number, challenge: string | null, body: object, retryAfter: string | null = null) => ({
      status,
      challenge,
      retryAfter,
      body,
    });

    it('gets the claims of a good one', async () => {
      expect(await answer(`Bearer ${KEY.sign()}`)).to.deep.equal(refused(200, null, CLAIMS));
      await api?.close();
      expect((await answer(`bEARER  ${KEY.sign()}`)).status).to.equal(200);
    });

    for (const header of [undefined, 'Basic YTpi', 'Bearerx', '']) {
      it(`answers 401 without an error to who brings none (${header})`, async () => {
        const body = { error_description: 'The request has no access token.' };
        expect(await answer(header)).to.deep.equal(refused(401, 'Bearer realm="api"', body));
      });
    }

    it('says then which scopes are wanted', async () => {
      const { challenge } = await answer(undefined, { scopes: ['read:orders', 'pay'] });
      expect(challenge).to.equal('Bearer realm="api", scope="read:orders pay"');
    });

    it('does not take a token from the URL, which is logged and handed on', async () => {
      expect((await answer(undefined, {}, `?access_token=${KEY.sign()}`)).status).to.equal(401);
    });

    for (const header of ['Bearer', 'Bearer ', 'Bearer a b', 'Bearer a,b', 'Bearer "a"', 'Bearer é']) {
      it(`answers 400 to what is no token: ${header}`, async () => {
        const description = 'The access token was not sent as it should: what follows Bearer is no token.';
        expect(await answer(header)).to.deep.equal(
          refused(400, `Bearer realm="api", error="invalid_request", error_description="${description}"`, {
            error: 'invalid_request',
            error_description: description,
          }),
        );
      });
    }

    it('answers 400 to a token that comes in two ways', async () => {
      const { status, body } = await answer(`Bearer ${KEY.sign()}`, {}, '?a=1&access_token=x');
      expect({ status, body }).to.deep.equal({
        status: 400,
        body: {
          error: 'invalid_request',
          error_description: 'The access token was not sent as it should: it comes in the header and in the URL.',
        },
      });
    });

    it('answers 400 to two headers, of which others may read the other', async () => {
      api = await start(requireAccessToken({ verifier }));
      const { hostname, port } = new URL(api.url);
      const text = await new Promise<string>((resolve, reject) => {
        const socket = connect(Number(port), hostname, () => {
          const authorization = `Authorization: Bearer ${KEY.sign()}\r\nauthorization: Bearer x\r\n`;
          socket.end(`GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${authorization}\r\n`);
        });
        let received = '';
        socket.setEncoding('utf8').on('data', (data) => {
          received += data;
        });
        socket.once('end', () => resolve(received)).once('error', reject);
      });
      expect(text)
        .to.match(/^HTTP\/1\.1 400 /)
        .and.include('the header Authorization comes more than once');
    });

    it('answers 401 to a bad one, and says why in words that cannot break out of the header', async () => {
      const token = KEY.sign({}, { typ: 'a"\r\nSet-Cookie: b\\é' });
      const description = "The token is of type a'''Set-Cookie: b'', and no access token: that is at+jwt.";
      expect(await answer(`Bearer ${token}`)).to.deep.equal(
        refused(401, `Bearer realm="api", error="invalid_token", error_description="${description}"`, {
          error: 'invalid_token',
          error_description: description,
        }),
      );
    });

    it('answers 401 to one that is longer than 8 KiB, whatever is in it', async () => {
      const { status, body } = await answer(`Bearer ${'a'.repeat(9000)}`);
      expect({ status, body }).to.deep.equal({
        status: 401,
        body: {
          error: 'invalid_token',
          error_description: 'The access token is malformed: it is longer than 8192 characters.',
        },
      });
    });

    it('answers 401 to one that is bound to a key, whose proof nobody looked at', async () => {
      const { status, body } = await answer(`Bearer ${KEY.sign({ cnf: { jkt: 'a' } })}`);
      expect({ status, body }).to.deep.equal({
        status: 401,
        body: {
          error: 'invalid_token',
          error_description:
            'The access token is bound to a key of its owner, and was sent as one that anybody may use.',
        },
      });
    });

    it('answers 403 to one without all of the scopes, each as a whole word', async () => {
      const description = 'The access token does not have the scope read:orders admin.';
      const token = KEY.sign({ scope: 'read:orders administer' });
      expect(await answer(`Bearer ${token}`, { scopes: ['read:orders', 'admin'] })).to.deep.equal(
        refused(
          403,
          `Bearer realm="api", error="insufficient_scope", error_description="${description}", scope="read:orders admin"`,
          { error: 'insufficient_scope', error_description: description },
        ),
      );
    });

    it('answers 401 to a revoked one', async () => {
      const description = 'The access token is revoked.';
      expect(await answer(`Bearer ${KEY.sign()}`, { revocation: revocationOf('revoked') })).to.deep.equal(
        refused(401, `Bearer realm="api", error="invalid_token", error_description="${description}"`, {
          error: 'invalid_token',
          error_description: description,
        }),
      );
    });

    it('answers 503, and says when to come again but not what is wrong inside, where it cannot be told', async () => {
      const body = {
        error: 'temporarily_unavailable',
        error_description: 'The access token cannot be checked at the moment.',
      };
      const unavailable = refused(503, null, body, '1');
      expect(await answer(`Bearer ${KEY.sign()}`, { revocation: revocationOf('unknown') })).to.deep.equal(unavailable);
      await api?.close();
      const nowhere = { issuer: CLAIMS.iss, audience: CLAIMS.aud, jwksUri: 'http://127.0.0.1:9/keys' };
      api = await start(requireAccessToken(nowhere));
      const response = await fetch(api.url, {
        headers: { Authorization: `Bearer ${KEY.sign()}`, Connection: 'close' },
      });
      expect({ status: response.status, body: await response.json() }).to.deep.equal({ status: 503, body });
    });
  });
}

describe('a guard', () => {
  it('is not made with a policy that nobody knows', () => {
    const options = { verifier, unknown: 'allow' } as unknown as GuardOptions; // as JavaScript may call it
    expect(refusalIn(() => requireAccessToken(options))).to.deep.equal({
      code: 'VERIFIER_OPTION_INVALID',
      message:
        'No access token can be verified: the option unknown is none of deny, confirm, accept-possibly-revoked-tokens.',
      fix: undefined,
    });
  });
});

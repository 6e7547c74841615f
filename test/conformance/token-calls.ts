import { expect } from 'chai';
import type { ConformanceServer } from './server.ts';

/** A webtask that says hello. */
export const HELLO = 'module.exports = function (cb) { cb(null, "Hello"); }';

/** The claims that are written in a token. */
export const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));

/** Seconds since the epoch. */
export const seconds = () => Math.floor(Date.now() / 1000);

/** The header that presents a token. */
export const withToken = (token: string) => ({ Authorization: `Bearer ${token}` });

/** Status and the sentence that the original clients show. */
export async function answerOf(response: Response): Promise<{ status: number; message: string }> {
  const body = (await response.json()) as { code: number; message: string; req_id: string };
  expect(body.code).to.equal(response.status);
  expect(body.req_id).to.be.a('string').that.is.not.equal('');
  return { status: response.status, message: body.message };
}

/** The calls of tokens to a server, by its own token where no other is given. */
export function tokenCalls(server: ConformanceServer) {
  const issue = (json: object, token = server.token) =>
    server.call('POST', '/api/tokens/issue', { json, headers: withToken(token) });
  async function issued(json: object, token = server.token): Promise<string> {
    const response = await issue(json, token);
    const text = await response.text();
    expect(response.status, text).to.equal(200);
    return text;
  }
  const runWith = (token: string, container = 'dev') =>
    server.call('POST', `/api/run/${container}`, { headers: withToken(token) });
  return { issue, issued, runWith };
}

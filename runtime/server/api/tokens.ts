import { fail, WebtaskError } from '../../errors.ts';
import { coversContainers, openSeal, type TokenClaims, verifySignature } from '../../token/index.ts';
import type { Subject } from '../audit/index.ts';
import { readStoredCodeUrl } from '../registry/registry.ts';
import { webtaskMeta } from '../run/webtask-meta.ts';
import { firstContainer, webtaskUrl } from '../run/webtask-url.ts';
import type { ApiParts, Routes } from './api.ts';
import { checkManagement, identifyCaller } from './authorize.ts';
import { describeRoute, textAnswer } from './describe.ts';
import { CODE_ERRORS, FLAG, ISSUING_ERRORS, isOn } from './schemas.ts';

const TEXT = { type: 'string' } as const;

/**
 * `/api/tokens`: issue, inspect, revoke.
 *
 * @see protocol reference 5.4, 5.5, 5.6
 */
export const addTokenRoutes: Routes = (api, parts) => {
  api.register(async (tokens) => {
    tokens.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string' },
      async (_request: unknown, body: string) => Object.fromEntries(new URLSearchParams(body)),
    );
    // What this answers with is worth keeping from everybody else.
    tokens.addHook('onSend', async (_request, reply) => {
      reply.header('Cache-Control', 'no-store');
    });

    tokens.post<{ Body: Record<string, unknown> | null }>(
      '/api/tokens/issue',
      {
        schema: describeRoute({
          summary: 'Issues a token, and creates or updates the webtask where it names one',
          body: { type: ['object', 'null'], description: 'the claims of the token, and `code`' },
          answer: textAnswer('text/plain', 'The token; `Location` says where its webtask runs.'),
          errors: ISSUING_ERRORS,
        }),
      },
      async (request, reply) => {
        const caller = await identifyCaller(request, parts);
        const { token, url, claims } = await parts.issue(request.body ?? {}, caller, Date.now() / 1000);
        parts.acts.note(request, { jti: claims.jti });
        if (url !== undefined) reply.header('Location', url);
        return reply.type('text/plain').send(token);
      },
    );

    tokens.get<{ Querystring: { token: string; decrypt?: string; fetch_code?: string; meta?: string } }>(
      '/api/tokens/inspect',
      {
        schema: describeRoute({
          summary: 'Says what a token holds',
          querystring: {
            type: 'object',
            required: ['token'],
            properties: { token: TEXT, decrypt: FLAG, fetch_code: FLAG, meta: FLAG },
          },
          answer: {
            type: 'object',
            description: 'The claims, and what was asked for beside them.',
            properties: { webtask_url: TEXT, code: TEXT, meta: { type: 'object' }, secrets: { type: 'object' } },
          },
          errors: ['TOKEN_SUBJECT_INVALID', 'TOKEN_INSPECTION_REFUSED', ...CODE_ERRORS],
        }),
      },
      async (request) => {
        const { token, decrypt, fetch_code, meta } = request.query;
        const claims = readSubject(token, parts);
        parts.acts.note(request, subjectOf(claims));
        const { claims: caller } = await identifyCaller(request, parts);
        if (!isAdmin(caller) && !(await mayInspect(caller, token, claims, parts))) fail('TOKEN_INSPECTION_REFUSED');
        const secrets = isOn(decrypt) && claims.ectx !== undefined && (await openSeal(claims.ectx, claims, parts.keys));
        return {
          ...claims,
          ...(secrets && { ectx: secrets, secrets }),
          webtask_url: await urlOf(token, claims, parts),
          ...(isOn(meta) && { meta: await webtaskMeta(token, claims, parts.registry) }),
          ...(isOn(fetch_code) && { code: await codeOf(claims, parts) }),
        };
      },
    );

    tokens.post<{ Querystring: { token?: string }; Body: { token?: string } | null }>(
      '/api/tokens/revoke',
      {
        schema: describeRoute({
          summary: 'Revokes a token, and all that descend from it',
          querystring: { type: 'object', properties: { token: TEXT } },
          body: {
            type: ['object', 'null'],
            properties: { token: TEXT },
            description: 'where the query has no `token`',
          },
          answer: { type: 'object' },
          errors: ['TOKEN_SUBJECT_INVALID', 'TOKEN_REVOCATION_REFUSED', 'REVOCATION_UNANSWERED'],
        }),
      },
      async (request) => {
        const token = request.query.token ?? request.body?.token ?? '';
        const claims = readSubject(token, parts);
        parts.acts.note(request, subjectOf(claims));
        const { claims: caller } = await identifyCaller(request, parts);
        if (!isAdmin(caller)) checkRevocation(caller, claims);
        await parts.revocations.revoke(token, claims);
        return {};
      },
    );
  });
};

/** The token that a request is about, which need not be valid now. */
function readSubject(token: string, { keys }: ApiParts): TokenClaims {
  if (token === '') return fail('TOKEN_SUBJECT_INVALID', { reason: 'there is none' });
  try {
    return verifySignature(token, keys);
  } catch (error) {
    if (!(error instanceof WebtaskError) || error.code !== 'TOKEN_MALFORMED') throw error;
    return fail('TOKEN_SUBJECT_INVALID', { reason: error.message }, { cause: error });
  }
}

/** What is recorded of a token. */
function subjectOf({ ten, jtn, jti }: TokenClaims): Subject {
  return { container: ten, name: jtn, jti };
}

function isAdmin(caller: TokenClaims): boolean {
  return attempt(() => checkManagement(caller, undefined));
}

/** An ancestor may, and whoever manages the webtask that the token is of, without which it could not be updated. */
async function mayInspect(caller: TokenClaims, token: string, claims: TokenClaims, parts: ApiParts): Promise<boolean> {
  if (caller.url !== undefined || caller.ectx !== undefined) return false;
  if (caller.jti !== undefined && caller.jti === claims.jti) return true;
  if (descends(claims, caller)) return true;
  const container = firstContainer(claims);
  const name = claims.jtn;
  if (container === undefined || name === undefined) return false;
  if (!attempt(() => checkManagement(caller, container, name))) return false;
  return (await parts.registry.getNamed(container, name))?.token === token;
}

function checkRevocation(caller: TokenClaims, claims: TokenClaims): void {
  const isSelf = caller.jti !== undefined && caller.jti === claims.jti && coversContainers(caller.ten, claims.ten);
  if (isSelf && claims.dr === 1) fail('TOKEN_REVOCATION_REFUSED', { reason: 'it cannot revoke itself' });
  if (!isSelf && !descends(claims, caller)) {
    fail('TOKEN_REVOCATION_REFUSED', { reason: 'it does not descend from the authentication webtask token' });
  }
}

/** A child is never good for more containers, so one that is was made by whoever may sign for few of them. */
function descends(claims: TokenClaims, from: TokenClaims): boolean {
  return from.jti !== undefined && claims.ca?.includes(from.jti) === true && coversContainers(from.ten, claims.ten);
}

async function urlOf(token: string, claims: TokenClaims, parts: ApiParts): Promise<string | undefined> {
  const container = firstContainer(claims);
  if (container === undefined) return undefined;
  const { host, jtn: name } = claims;
  const isNamed = name !== undefined && (await parts.registry.getNamed(container, name)) !== undefined;
  return webtaskUrl(parts.baseUrl(), isNamed ? { container, host, name } : { container, host, token });
}

async function codeOf(claims: TokenClaims, { findCode }: ApiParts): Promise<string | undefined> {
  if (claims.url === undefined) return undefined;
  const stored = readStoredCodeUrl(claims.url);
  const container = stored && 'container' in stored ? stored.container : '';
  return (await findCode({ claims, container, named: undefined, reserved: {} })).text;
}

function attempt(check: () => void): boolean {
  try {
    check();
    return true;
  } catch (error) {
    if (error instanceof WebtaskError) return false;
    throw error;
  }
}

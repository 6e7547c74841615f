import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { sha256Hex } from '../../code/index.ts';
import { fail, type WebtaskError } from '../../errors.ts';
import { callerAddress } from '../edge/peer.ts';
import type { Authorization } from '../tokens/authorize.ts';
import type { Journal } from './journal.ts';

/** What an act is done to. */
export interface Subject {
  readonly container?: unknown;
  readonly name?: unknown;
  /** The id of the token that is issued or revoked, or whose limits are reset. */
  readonly jti?: unknown;
}

/** Records what is done through the management API. */
export interface Acts {
  /**
   * Records that a request is about to be carried out, once for each.
   *
   * @throws AUDIT_UNWRITABLE, and then it must not be
   */
  begin(request: FastifyRequest, caller: Authorization): Promise<void>;
  /** Adds to what is recorded of a request. */
  note(request: FastifyRequest, subject: Subject): void;
  /** Says which error a request is answered with. */
  failed(request: FastifyRequest, error: WebtaskError): void;
  /** Records how requests ended, before they are answered. */
  recordAnswers(api: FastifyInstance, answerError: AnswerError): void;
  /**
   * Carries out what a webtask does, with the records of its beginning and end.
   *
   * @throws AUDIT_UNWRITABLE, and what `perform` throws
   */
  perform<T>(act: OwnAct, perform: () => Promise<T>): Promise<T>;
}

/** An act that no request of the management API is for. */
export interface OwnAct {
  readonly act: string;
  readonly caller: Authorization;
  readonly subject: Subject;
  readonly address: string | undefined;
  readonly requestId: string;
}

/** Gives the body of the answer with an error. */
export type AnswerError = (error: unknown, request: FastifyRequest, reply: FastifyReply) => string;

interface Act {
  subject: Subject;
  /** What is said at its beginning; absent until whoever does it is known. */
  begun?: object;
  startedAt?: number;
  code?: string;
}

const MAX_TEXT = 512;

/**
 * Makes the record of what is done: two lines for each act, before it and before its answer. Acts of callers whom
 * nobody knows are none.
 *
 * Reading is no act, unless it opens secrets. Neither credentials nor secrets nor code are recorded.
 *
 * @param now - milliseconds since the epoch
 */
export function createActs(journal: Journal, now: () => number = Date.now): Acts {
  const acts = new WeakMap<FastifyRequest, Act>();

  function actOf(request: FastifyRequest): Act {
    const act = acts.get(request) ?? { subject: {} };
    acts.set(request, act);
    return act;
  }

  async function write(record: object): Promise<void> {
    try {
      await journal.append({ time: new Date(now()).toISOString(), ...record });
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException; // of the file system
      fail('AUDIT_UNWRITABLE', { reason: code ?? message }, { cause: error });
    }
  }

  return {
    async begin(request, caller) {
      const act = actOf(request);
      if (act.begun !== undefined || !isAct(request)) return;
      act.startedAt = now();
      act.begun = {
        req_id: request.id,
        address: callerAddress(request),
        who: whoIs(caller),
        act: `${request.method} ${request.routeOptions.url}`,
      };
      await write({ phase: 'begun', ...act.begun, ...texts({ ...subjectOf(request), ...act.subject }) });
    },
    note(request, subject) {
      const act = actOf(request);
      act.subject = { ...act.subject, ...subject };
    },
    failed(request, error) {
      actOf(request).code = error.code;
    },
    recordAnswers(api, answerError) {
      api.addHook('onSend', async (request, reply, payload) => {
        const { begun, subject, code, startedAt = 0 } = acts.get(request) ?? {};
        acts.delete(request);
        if (begun === undefined) return payload;
        const what = texts({ ...subjectOf(request), ...subject });
        const outcome = { status: reply.statusCode, ...(code && { code }), ms: now() - startedAt };
        try {
          await write({ phase: 'ended', ...begun, ...what, ...outcome });
          return payload;
        } catch (error) {
          return answerError(error, request, reply);
        }
      });
    },
    async perform({ act, caller, subject, address, requestId }, perform) {
      const startedAt = now();
      const record = { req_id: requestId, address, who: whoIs(caller), act, ...texts(subject) };
      await write({ phase: 'begun', ...record });
      let code: string | undefined;
      try {
        return await perform();
      } catch (error) {
        code = (error as Partial<WebtaskError>).code ?? 'INTERNAL'; // anything else is unforeseen
        throw error;
      } finally {
        await write({ phase: 'ended', ...record, ...(code && { code }), ms: now() - startedAt });
      }
    },
  };
}

function isAct({ method, query }: FastifyRequest): boolean {
  const { decrypt } = query as { decrypt?: unknown }; // of any route
  return !['GET', 'HEAD', 'OPTIONS'].includes(method) || decrypt !== undefined;
}

/** A token without an id is told apart by its hash. */
function whoIs({ claims, token, masterKeyId }: Authorization): object {
  if (masterKeyId !== undefined) return { master_key: masterKeyId };
  const { jti, ca } = claims;
  const id = jti === undefined ? { token_sha256: sha256Hex(token) } : { jti: jti.slice(0, MAX_TEXT) };
  return { ...id, ...(ca && { ca: ca.map((it) => it.slice(0, MAX_TEXT)) }) };
}

/** The path says it, or the claims that are asked for. */
function subjectOf({ params, body }: FastifyRequest): Subject {
  const { container, name, jti } = (params ?? {}) as Subject;
  const { ten, jtn } = (body ?? {}) as { ten?: unknown; jtn?: unknown };
  return { container: container ?? ten, name: name ?? jtn, jti };
}

/** Whatever a request says may be anything, and of any length. */
function texts(values: Subject): object {
  const known = Object.entries(values).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return Object.fromEntries(known.map(([key, text]) => [key, text.slice(0, MAX_TEXT)]));
}

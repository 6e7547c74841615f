import { type CodeLoader, type CodeReference, createCodeLoader, type FetchPolicy } from '../../code/index.ts';
import { fail, WebtaskError } from '../../errors.ts';
import type { TokenClaims } from '../../token/index.ts';
import { createCodeStoreClient } from './code-store-webtask.ts';
import { createNames } from './names.ts';
import { type Registry, storedCodeUrl } from './registry.ts';

/** Whose code is kept. */
export interface CodeOwner {
  readonly container: string | undefined;
  readonly name: string | undefined;
  /** The id of the token that asks; none for the master key. */
  readonly issuer: string | undefined;
}

/** Code that is kept. */
export interface KeptCode {
  /** What the token says of its code. */
  readonly claims: Pick<TokenClaims, 'url' | 'url_sha256'>;
  /** Where the cluster's own store has it. */
  readonly sha256?: string | undefined;
  /** How much the cluster's own store has of it. */
  readonly bytes?: number | undefined;
}

/** Where code and the tokens of names are kept. */
export interface CodeStore {
  /** The webtasks and their names. */
  readonly registry: Registry;
  /** Loads code by its URL, be it of the store or of anybody. */
  readonly loadCode: CodeLoader;
  /** Keeps the code of a token. */
  put(code: string, owner: CodeOwner): Promise<KeptCode>;
  /** Whether a URL is one that only the store itself may write into a token. */
  isOwn(url: string): boolean;
  /** Whether of a name nothing but its token is kept, so that all that it needs has to be in there. */
  readonly keepsTokensOnly: boolean;
}

/** What a store of code works with. */
export interface CodeStoreParts {
  /** The embedded registry: it has lists, custom domains and versions in any case. */
  readonly registry: Registry;
  /** Counts code of tokens without a name. */
  readonly takeNamelessCode?: ((container: string, code: string) => Promise<void>) | undefined;
  readonly policy: FetchPolicy;
  readonly maxCodeBytes: number;
  readonly baseUrl: () => string;
  /** Milliseconds. */
  readonly now: () => number;
  /** For tests; 10 seconds otherwise. */
  readonly timeoutMs?: number | undefined;
}

/**
 * Opens the store of code: the webtask that `WEBTASK_CODE_STORE_URL` names, or the cluster's own store.
 *
 * @throws SETTING_INVALID
 * @see protocol reference 1.4
 */
export function openCodeStore(env: NodeJS.ProcessEnv, parts: CodeStoreParts): CodeStore {
  const { WEBTASK_CODE_STORE_URL: url } = env;
  const { registry, policy } = parts;
  const loadCode = createCodeLoader(policy, undefined, { maxBytes: parts.maxCodeBytes });
  const embedded: CodeStore = {
    registry,
    loadCode,
    async put(code, { container, name }) {
      const bytes = Buffer.byteLength(code);
      if (bytes > parts.maxCodeBytes) fail('BODY_TOO_LARGE', { maxBytes: parts.maxCodeBytes });
      // Code of a name is counted with it.
      if (container && !name) await parts.takeNamelessCode?.(container, code);
      const sha256 = await registry.putCode(code, container && name ? { container, name } : undefined);
      return { sha256, bytes, claims: { url: storedCodeUrl(container && name ? { container, name } : { sha256 }) } };
    },
    isOwn: () => false,
    keepsTokensOnly: false,
  };
  if (!url) return embedded;
  if (!URL.canParse(url) || !/^https?:/.test(url)) {
    fail('SETTING_INVALID', { setting: 'WEBTASK_CODE_STORE_URL', reason: 'it is no http or https URL' });
  }
  return createWebtaskStore(url, embedded, parts);
}

function createWebtaskStore(url: string, embedded: CodeStore, parts: CodeStoreParts): CodeStore {
  const { policy, maxCodeBytes, timeoutMs } = parts;
  const store = createCodeStoreClient(url, parts);
  const { origin } = new URL(url);
  const load = createCodeLoader(
    { publicOnly: policy.publicOnly, allowedOrigins: [...policy.allowedOrigins, origin] },
    parts.now,
    { timeoutMs, maxBytes: maxCodeBytes },
  );
  const isOfStore = (wanted: string): boolean => URL.canParse(wanted) && new URL(wanted).origin === origin;
  return {
    registry: createNames(embedded.registry, store, parts.now),
    loadCode: Object.assign(
      (wanted: CodeReference) =>
        wanted.sha256 !== undefined && isOfStore(wanted.url) ? load(wanted).catch(refuse) : embedded.loadCode(wanted),
      {
        forget(wanted: string) {
          load.forget(wanted);
          embedded.loadCode.forget(wanted);
        },
      },
    ),
    async put(code, owner) {
      if (store.isItself(owner.container, owner.name)) return embedded.put(code, owner);
      if (Buffer.byteLength(code) > maxCodeBytes) fail('BODY_TOO_LARGE', { maxBytes: maxCodeBytes });
      return { claims: await store.putCode(code, owner.issuer) };
    },
    // What is fetched from there although it is not public must be what the store was given.
    isOwn: (wanted) => isOfStore(wanted) && !policy.allowedOrigins.includes(origin),
    keepsTokensOnly: true,
  };
}

/** Callers need not know where the store is; the cause tells who runs the server. */
function refuse(cause: unknown): never {
  const isOther = cause instanceof WebtaskError && cause.code === 'CODE_HASH_MISMATCH';
  const reason = isOther ? 'what it gave is not the code that it was given' : 'the code could not be fetched';
  return fail('CODE_STORE_UNANSWERED', { reason }, { cause });
}

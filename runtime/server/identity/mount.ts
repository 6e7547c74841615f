import type { IncomingMessage, ServerResponse } from 'node:http';
import { WebtaskError } from '../../errors.ts';
import type { EndpointAnswer } from '../../identity/endpoints/endpoints.ts';
import type { Identity } from '../../identity/tenants/index.ts';
import { sendWebResponse, toWebRequest } from '../../invoke/fetch.ts';
import type { Store } from '../../store/index.ts';

/** The endpoints of identity on a server, below `/api/identity/{tenant}`. */
export interface IdentityMount {
  /** Begins to know what is revoked, before anybody asks. */
  begin(): void;
  /** Answers a request, and says whether it was for them. */
  answer(req: IncomingMessage, res: ServerResponse): Promise<boolean>;
  close(): Promise<void>;
}

/** What they are mounted with. */
export interface IdentityMountParts {
  /** The file that `--identity` names; without one there is nothing here. */
  readonly file: string | undefined;
  /** Where what is revoked is written down for the next start. */
  readonly dataFolder: string;
  readonly openStore: () => Promise<Store>;
  /** The public base of URLs, without a slash at the end. */
  readonly baseUrl: () => string;
  /** Is told of what requests are refused with. */
  readonly onError: (error: WebtaskError) => void;
}

/** With all else of these endpoints, not before there are some. */
const respond = () => import('../../identity/endpoints/respond.ts');

const PATH = /^\/api\/identity\/([\w.-]+)(\/[^?]*)?(?:\?|$)/;

/**
 * Mounts what revokes access tokens, and tells of it. Nothing of it is loaded where no file is named.
 *
 * @throws IDENTITY_CONFIG_INVALID, VERIFIER_OPTION_INVALID, before the server listens
 */
export async function mountIdentity(parts: IdentityMountParts): Promise<IdentityMount> {
  const { file, dataFolder, openStore, baseUrl, onError } = parts;
  if (file === undefined) return { begin: () => undefined, answer: async () => false, close: async () => undefined };
  const tenants = await (await import('./read-file.ts')).readIdentityFile(file);
  const { openIdentity } = await import('../../identity/tenants/index.ts');
  let identity: Promise<Identity> | undefined;
  /** Once its public URL is known, and again where the store was not there. */
  const open = (): Promise<Identity> => {
    identity ??= openStore()
      .then((store) =>
        openIdentity({ tenants, store, dataFolder, urlOf: (name) => `${baseUrl()}/api/identity/${name}` }),
      )
      .catch((error: unknown) => {
        identity = undefined;
        throw error;
      });
    return identity;
  };
  return {
    begin: () => void open().catch(() => undefined), // told to whoever asks
    async answer(req, res) {
      const [, tenant, path = '/'] = PATH.exec(req.url ?? '') ?? [];
      if (tenant === undefined) return false;
      const caller = new AbortController();
      res.once('close', () => caller.abort());
      const request = toWebRequest(req, caller.signal);
      const { response, error } = await open().then(
        (it) => it.answer(tenant, request, path),
        async (error: unknown): Promise<EndpointAnswer> => ({ response: (await respond()).refuse(error), error }),
      );
      if (!req.complete) res.setHeader('Connection', 'close'); // what was not read of it is not waited for
      if (error !== undefined)
        onError(error instanceof WebtaskError ? error : new WebtaskError('INTERNAL', {}, { cause: error }));
      await sendWebResponse(response, res);
      return true;
    },
    async close() {
      await (await identity?.catch(() => undefined))?.close();
    },
  };
}

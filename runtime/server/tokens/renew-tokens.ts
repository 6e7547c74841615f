import { fail, WebtaskError } from '../../errors.ts';
import { openStore } from '../../store/index.ts';
import { type KeySet, loadKeySet, openSeal, sealSecrets, signToken, verifySignature } from '../../token/index.ts';
import { openCodeStore } from '../registry/code-store.ts';
import { createRegistry, type NamedWebtask, type Registry } from '../registry/registry.ts';

/** What became of the tokens of webtasks. */
export interface Renewal {
  /** How many were signed, and their secrets sealed, with the current keys. */
  readonly renewed: number;
  /** How many were so already. */
  readonly current: number;
  /** Those that still need a former key, and why. */
  readonly failed: readonly { readonly container: string; readonly name: string; readonly reason: string }[];
}

const PAGE = 100;
/** How often a webtask is looked at that others change meanwhile. */
const ATTEMPTS = 5;
/** No code is written here. */
const MAX_CODE_BYTES = 0;

/**
 * Signs the tokens that webtasks are stored with by the current keys, and seals their secrets anew, so that no webtask
 * needs a former key. The tokens stay the same otherwise: their ids, what they descend from, and their ends.
 *
 * Servers may run meanwhile; they have to know the current keys. A second run goes on where one was ended.
 *
 * @param now - seconds since the epoch
 * @throws STORE_OWNER_SILENT, RENEWAL_WITHOUT_URL, and what `loadKeySet` and `openStore` throw
 */
export async function renewTokens(dataFolder: string, env: NodeJS.ProcessEnv, now: number): Promise<Renewal> {
  const { WEBTASK_URL: baseUrl = '' } = env;
  if (env.WEBTASK_CODE_STORE_URL && !URL.canParse(baseUrl)) fail('RENEWAL_WITHOUT_URL');
  const keys = await loadKeySet({ dataFolder, env });
  const store = await openStore(dataFolder, env);
  try {
    // Whoever owns a custom domain owns it already.
    const embedded = createRegistry(async () => store, { isOwnHost: () => false }, MAX_CODE_BYTES);
    const { registry } = openCodeStore(env, {
      registry: embedded,
      policy: { publicOnly: false, allowedOrigins: [] },
      maxCodeBytes: MAX_CODE_BYTES,
      baseUrl: () => baseUrl,
      now: Date.now,
    });
    return await renewAll(registry, keys, now);
  } finally {
    await store.close();
  }
}

/**
 * As {@link renewTokens}, of the webtasks of a registry.
 *
 * @param now - seconds since the epoch
 */
export async function renewAll(registry: Registry, keys: KeySet, now: number): Promise<Renewal> {
  let renewed = 0;
  let current = 0;
  const failed: Renewal['failed'][number][] = [];
  for (let offset = 0; ; offset += PAGE) {
    const page = await registry.listNamed(undefined, { offset, limit: PAGE });
    for (const webtask of page) {
      try {
        if (await renewOne(webtask, registry, keys, now)) renewed++;
        else current++;
      } catch (error) {
        if (!(error instanceof WebtaskError)) throw error;
        failed.push({ container: webtask.container, name: webtask.name, reason: error.message });
      }
    }
    if (page.length < PAGE) return { renewed, current, failed };
  }
}

/** Only in place of the very token that was read: an update in between is the newer one. */
async function renewOne(listed: NamedWebtask, registry: Registry, keys: KeySet, now: number): Promise<boolean> {
  let webtask: NamedWebtask | undefined = listed;
  for (let attempt = 0; attempt < ATTEMPTS && webtask; attempt++) {
    const token = await renewed(webtask.token, keys, now);
    if (token === undefined) return false;
    try {
      const { version, ...rest } = webtask;
      await registry.putNamed({ ...rest, token }, version);
      return true;
    } catch (error) {
      if (!(error instanceof WebtaskError) || error.code !== 'NAME_CHANGED') throw error;
      webtask = await registry.getNamed(listed.container, listed.name);
    }
  }
  return webtask ? fail('NAME_CHANGED', { name: listed.name }) : false;
}

/** The token as the current keys make it; nothing where they have made it. */
async function renewed(token: string, keys: KeySet, now: number): Promise<string | undefined> {
  const claims = verifySignature(token, keys);
  const isSealed = claims.ectx === undefined || kidOf(claims.ectx) === keys.symmetric?.kid;
  if (kidOf(token) === keys.current?.kid && isSealed) return undefined;
  if (claims.ectx === undefined) return signToken(claims, keys, now);
  const secrets = await openSeal(claims.ectx, claims, keys);
  return signToken({ ...claims, ectx: await sealSecrets(secrets, claims, keys, 'dir') }, keys, now);
}

/** Of a JWS or JWE; the signature was checked, and it was we who sealed. */
function kidOf(compact: string): unknown {
  const [header = ''] = compact.split('.');
  return (JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid?: unknown }).kid;
}

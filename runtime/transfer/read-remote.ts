import { WebtaskError } from '../errors.ts';
import { parseToken, type TokenClaims } from '../token/index.ts';
import type { Part } from './report.ts';
import { type Remote, request } from './request.ts';
import { type MovedJob, type MovedWebtask, movedClaims, NOT_ASKED } from './webtask.ts';

const PAGE = 100;

const ORPHAN = 'it has a cron job, and is not there itself';

interface Listed {
  readonly name: string;
  readonly token: string;
  readonly meta?: Readonly<Record<string, string>>;
}

interface Described extends Listed {
  readonly code?: string;
  readonly secrets?: Readonly<Record<string, string>>;
}

type Missing = Partial<Record<Part, string>>;

/**
 * Reads all webtasks of a container: code, metadata, storage, cron jobs, and secrets where they are wanted.
 *
 * What cannot be read is noted with the webtask, and does not keep the others from coming.
 *
 * @param onCount - is told how many there are
 * @throws TRANSFER_REFUSED, TRANSFER_FAILED where not even a list can be had
 * @see protocol reference 6.1
 */
export async function* readRemote(
  remote: Remote,
  wantsSecrets: boolean,
  onCount: (count: number) => void = () => undefined,
): AsyncGenerator<MovedWebtask> {
  const listed = await list<Listed>(remote, 'webtask');
  const { jobs, failure } = await readJobs(remote);
  onCount(listed.size);
  for (const one of [...listed.values()].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const missing: Missing = failure === undefined ? {} : { cron: failure };
    yield await readWebtask(remote, one, jobs.get(one.name), wantsSecrets, missing);
    jobs.delete(one.name);
  }
  for (const name of jobs.keys()) {
    yield { name, claims: {}, meta: {}, missing: { code: ORPHAN } };
  }
}

/** Whether it is a cron job without its webtask. */
export function isOrphan({ missing }: MovedWebtask): boolean {
  return missing.code === ORPHAN;
}

/** Reads one webtask with its storage. */
export async function readWebtask(
  remote: Remote,
  listed: Listed,
  cron: MovedJob | undefined,
  wantsSecrets: boolean,
  missing: Missing = {},
): Promise<MovedWebtask> {
  const noted: Missing = { ...missing };
  const claims = claimsOf(listed.token);
  const { code, secrets, meta = {} } = await describe(remote, listed, claims, wantsSecrets, noted);
  const storage = await readStorage(remote, listed.name).catch(noteIn(noted, 'storage'));
  return { name: listed.name, code, claims: movedClaims(claims), meta, secrets, storage, cron, missing: noted };
}

/** A server that can open no secrets, or reach no code, may still give the other. */
async function describe(
  remote: Remote,
  listed: Listed,
  claims: TokenClaims,
  wantsSecrets: boolean,
  noted: Missing,
): Promise<Partial<Described>> {
  const hasSecrets = claims.ectx !== undefined;
  const isElsewhere = /^https?:/.test(claims.url ?? '');
  const read = (...flags: string[]): Promise<Described> =>
    request(
      remote,
      'GET',
      `${pathOf(remote, 'webtask', listed.name)}?${flags.map((it) => `${it}=1`).join('&')}`,
    ) as Promise<Described>; // as the API describes it; its parts are checked where they are used
  const secrets = hasSecrets && wantsSecrets ? await read('decrypt').catch(noteIn(noted, 'secrets')) : undefined;
  if (hasSecrets && !wantsSecrets) noted.secrets = NOT_ASKED;
  const code = isElsewhere ? undefined : await read('fetch_code').catch(noteIn(noted, 'code'));
  if (!isElsewhere && code && typeof code.code !== 'string') noted.code = 'the server gave none';
  return { meta: listed.meta ?? {}, ...(code?.code !== undefined && { code: code.code }), ...pick(secrets) };
}

function pick(described: Described | undefined): Partial<Described> {
  return described?.secrets === undefined ? {} : { secrets: described.secrets };
}

/** Reads the document of a webtask. An empty one without a version is none. */
export async function readStorage(remote: Remote, name: string): Promise<string | undefined> {
  const path = `${pathOf(remote, 'webtask', name)}/data`;
  const answer = await request(remote, 'GET', path, { absent: [404] });
  const { data, etag } = (answer ?? {}) as { data?: unknown; etag?: unknown }; // as the API describes it
  return etag === undefined || etag === null || typeof data !== 'string' ? undefined : data;
}

async function readJobs(remote: Remote): Promise<{ jobs: Map<string, MovedJob>; failure?: string }> {
  try {
    const listed = await list<MovedJob & { name: string }>(remote, 'cron');
    return { jobs: new Map([...listed].map(([name, job]) => [name, pickJob(job)])) };
  } catch (error) {
    return { jobs: new Map(), failure: reasonOf(error) };
  }
}

/** What a cron job is made of; not what has become of it. */
export function pickJob({ schedule, tz, state, meta, repeat_interrupted }: MovedJob): MovedJob {
  return {
    schedule,
    ...(tz && { tz }),
    ...(state && { state }),
    ...(meta && Object.keys(meta).length > 0 && { meta }),
    ...(repeat_interrupted && { repeat_interrupted }),
  };
}

/** Lists everything of a kind, page by page. What is created meanwhile may be listed twice, and counts once. */
async function list<T extends { readonly name: string }>(
  remote: Remote,
  kind: 'webtask' | 'cron',
): Promise<Map<string, T>> {
  const found = new Map<string, T>();
  for (let offset = 0; ; ) {
    const path = `${pathOf(remote, kind)}?offset=${offset}&limit=${PAGE}`;
    const page = (await request(remote, 'GET', path)) as T[]; // as the API describes it
    if (!Array.isArray(page) || page.length === 0) return found;
    for (const one of page) found.set(one.name, one);
    offset += page.length;
  }
}

/** `/api/webtask/{container}/{name}` */
export function pathOf({ container }: Remote, kind: 'webtask' | 'cron', name?: string): string {
  const parts = name === undefined ? [container] : [container, name];
  return `/api/${kind}/${parts.map(encodeURIComponent).join('/')}`;
}

/** Of a token that cannot be read, nothing is known. */
export function claimsOf(token: string): TokenClaims {
  try {
    return parseToken(token).claims;
  } catch {
    return readLoosely(token);
  }
}

/** Another cluster's tokens need not be as strictly made as ours: what they say is only read, and trusted for nothing. */
function readLoosely(token: string): TokenClaims {
  try {
    return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as TokenClaims; // checked at issue
  } catch {
    return {};
  }
}

export function reasonOf(error: unknown): string {
  if (!(error instanceof WebtaskError)) throw error;
  return error.message.replace(/\.$/, '');
}

function noteIn(noted: Missing, part: Part): (error: unknown) => undefined {
  return (error) => {
    noted[part] = reasonOf(error);
  };
}

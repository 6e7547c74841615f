import { isDeepStrictEqual } from 'node:util';
import { pathOf, pickJob, readStorage, readWebtask, reasonOf } from './read-remote.ts';
import type { Outcome, Part, Row } from './report.ts';
import { type Remote, request } from './request.ts';
import { type MovedJob, type MovedWebtask, NOT_ASKED } from './webtask.ts';

/** What a webtask has of its own accord; other claims it may have inherited from whoever issued its token. */
const OWN = ['url', 'pb', 'mb', 'host'] as const;

const HINT = '; --replace overwrites it';

/**
 * Brings a webtask to a server. What is there already and the same is left alone; what differs too, unless it may be
 * replaced. So a second time changes nothing.
 */
export async function writeRemote(remote: Remote, webtask: MovedWebtask, replace: boolean): Promise<Row> {
  const { name, missing } = webtask;
  const reasons: string[] = [];
  const outcomes: Record<Part, Outcome> = { code: 'none', secrets: 'none', storage: 'none', cron: 'none' };
  for (const [part, reason] of Object.entries(missing) as [Part, string][]) {
    outcomes[part] = part === 'secrets' && reason === NOT_ASKED ? 'left out' : 'failed';
    reasons.push(`${part}: ${reason}`);
  }
  const step = async (part: Part, write: () => Promise<Outcome>): Promise<void> => {
    outcomes[part] = await write().catch((error: unknown) => {
      reasons.push(`${part}: ${reasonOf(error)}`);
      return 'failed' as const;
    });
    if (outcomes[part] === 'differs') reasons.push(`${part}: another one is there${HINT}`);
  };

  if (missing.code === undefined) await step('code', () => writeWebtask(remote, webtask, replace));
  if (webtask.secrets && Object.keys(webtask.secrets).length > 0) outcomes.secrets = outcomes.code;
  const isThere = outcomes.code !== 'failed';
  if (webtask.storage !== undefined) {
    const { storage } = webtask;
    if (isThere) await step('storage', () => writeStorage(remote, name, storage, replace));
    else outcomes.storage = 'failed';
  }
  if (webtask.cron !== undefined) {
    const { cron } = webtask;
    if (isThere) await step('cron', () => writeJob(remote, name, cron, replace));
    else outcomes.cron = 'failed';
  }
  return { name, ...outcomes, reasons };
}

async function writeWebtask(remote: Remote, webtask: MovedWebtask, replace: boolean): Promise<Outcome> {
  const { name, code, claims, meta, missing } = webtask;
  const path = pathOf(remote, 'webtask', name);
  const listed = (await request(remote, 'GET', path, { absent: [404] })) as { token: string } | undefined;
  const there = listed && (await readWebtask(remote, { name, ...listed }, undefined, true));
  if (there && isSame(webtask, there)) return 'unchanged';
  if (there && !replace) return 'differs';
  // Secrets that are not here stay what they are there.
  const secrets = webtask.secrets ?? (missing.secrets === undefined ? undefined : there?.secrets);
  await request(remote, 'POST', '/api/tokens/issue', {
    body: {
      ...claims,
      ten: remote.container,
      jtn: name,
      ...(code !== undefined && { code }),
      ...(Object.keys(meta).length > 0 && { meta }),
      ...(secrets && Object.keys(secrets).length > 0 && { ectx: secrets }),
    },
  });
  return there ? 'replaced' : 'created';
}

function isSame(moved: MovedWebtask, there: MovedWebtask): boolean {
  const names = [...Object.keys(moved.claims), ...OWN] as (keyof MovedWebtask['claims'])[];
  return (
    moved.code === there.code &&
    isDeepStrictEqual(moved.meta, there.meta) &&
    names.every((name) => isDeepStrictEqual(moved.claims[name], there.claims[name])) &&
    (moved.missing.secrets !== undefined || isDeepStrictEqual(moved.secrets ?? {}, there.secrets ?? {}))
  );
}

async function writeStorage(remote: Remote, name: string, data: string, replace: boolean): Promise<Outcome> {
  const there = await readStorage(remote, name);
  if (there !== undefined && isSameJson(there, data)) return 'unchanged';
  if (there !== undefined && !replace) return 'differs';
  const body = there === undefined ? { data, etag: null } : { data };
  const path = `${pathOf(remote, 'webtask', name)}/data`;
  const written = await request(remote, 'PUT', path, { body, absent: [409] });
  // Somebody else, or a first attempt whose answer was lost, wrote meanwhile.
  if (written === undefined) return isSameJson(await readStorage(remote, name), data) ? 'created' : 'differs';
  return there === undefined ? 'created' : 'replaced';
}

function isSameJson(a: string | undefined, b: string): boolean {
  return a === b || (a !== undefined && isDeepStrictEqual(JSON.parse(a), JSON.parse(b)));
}

async function writeJob(remote: Remote, name: string, job: MovedJob, replace: boolean): Promise<Outcome> {
  const path = pathOf(remote, 'cron', name);
  const there = (await request(remote, 'GET', path, { absent: [404] })) as MovedJob | undefined; // as the API has it
  if (there && isDeepStrictEqual(withDefaults(job), withDefaults(there))) return 'unchanged';
  if (there && !replace) return 'differs';
  // wt-cli sends the token of the webtask; a server of the original asks for it.
  const webtask = (await request(remote, 'GET', pathOf(remote, 'webtask', name))) as { token: string };
  await request(remote, 'PUT', path, { body: { ...withDefaults(job), token: webtask.token } });
  return there ? 'replaced' : 'created';
}

function withDefaults(job: MovedJob): MovedJob {
  return { tz: 'UTC', state: 'active', meta: {}, ...pickJob(job) };
}

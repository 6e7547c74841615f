import { fail } from '../errors.ts';
import type { TokenClaims } from '../token/index.ts';
import type { Part } from './report.ts';
import type { MovedJob } from './webtask.ts';

/** The file of a folder that says what is in it. */
export const MANIFEST = 'webtask.json';

/** What an export holds of one webtask. Paths are relative to the folder, with `/`. */
export interface Entry {
  readonly name: string;
  /** Path of its code; absent where that is at `claims.url`. */
  readonly code?: string;
  readonly claims?: TokenClaims;
  readonly meta?: Readonly<Record<string, string>>;
  /** Sealed, as a compact JWE; or, written by hand, as names and values. */
  readonly secrets?: string | Readonly<Record<string, string>>;
  /** Path of its storage, a JSON text. */
  readonly storage?: string;
  readonly cron?: MovedJob;
  /** What it has and the export does not, with the reason. */
  readonly missing?: Readonly<Partial<Record<Part, string>>>;
}

/** What an export holds. */
export interface Manifest {
  readonly webtask_export: 1;
  readonly container: string;
  readonly webtasks: readonly Entry[];
}

const NAME = /^(?!\.{1,2}$)[-A-Za-z0-9._~!$+=:@]{1,512}$/;

/**
 * Reads a manifest, which may have been edited by hand.
 *
 * @param file - as messages name it
 * @throws TRANSFER_MANIFEST
 */
export function parseManifest(text: string, file: string): Manifest {
  const refuse = (reason: string): never => fail('TRANSFER_MANIFEST', { file, reason });
  let manifest: Partial<Manifest> | null;
  try {
    manifest = JSON.parse(text) as Partial<Manifest> | null; // checked below
  } catch (error) {
    return refuse((error as Error).message);
  }
  if (manifest?.webtask_export !== 1) return refuse('it has no "webtask_export": 1');
  const { container, webtasks } = manifest;
  if (typeof container !== 'string' || container === '') return refuse('its container is no text');
  if (!Array.isArray(webtasks)) return refuse('its webtasks are no list');
  const names = new Set<string>();
  for (const entry of webtasks as Partial<Entry>[]) {
    const { name, code, storage, claims, meta, cron, secrets } = entry ?? {};
    if (typeof name !== 'string' || !NAME.test(name)) return refuse(`${JSON.stringify(name)} is no name of a webtask`);
    if (names.has(name)) return refuse(`${name} is in it twice`);
    names.add(name);
    for (const [what, path] of Object.entries({ code, storage })) {
      if (path !== undefined && !isInside(path)) return refuse(`${what} of ${name} is no path inside the folder`);
    }
    for (const [what, it] of Object.entries({ claims, meta, cron })) {
      if (it !== undefined && (typeof it !== 'object' || it === null)) return refuse(`${what} of ${name} is no object`);
    }
    if (cron !== undefined && typeof cron.schedule !== 'string') return refuse(`cron of ${name} has no schedule`);
    const areSecrets = secrets === undefined || typeof secrets === 'string' || isTexts(secrets);
    if (!areSecrets) return refuse(`secrets of ${name} are neither sealed nor an object of texts`);
  }
  return { webtask_export: 1, container, webtasks: webtasks as Entry[] };
}

/** No manifest makes a program send files of its own. */
function isInside(path: unknown): boolean {
  if (typeof path !== 'string' || path === '' || path.includes('\\') || /^[a-z]:/i.test(path)) return false;
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

function isTexts(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.values(value).every((it) => typeof it === 'string');
}

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fail } from '../errors.ts';

/** What package.json says of one webtask, under `"webtasks": { "<name>": … }`. */
export interface WebtaskDeclaration {
  /** Names to take from the environment or `.env`; by default all names of `.env`. */
  readonly secrets?: readonly string[];
  readonly params?: Readonly<Record<string, unknown>>;
  readonly meta?: Readonly<Record<string, string>>;
  readonly parseBody?: boolean;
  readonly mergeBody?: boolean;
}

/** A folder with a package.json, or just a folder. */
export interface Project {
  readonly folder: string;
  readonly webtasks: Readonly<Record<string, WebtaskDeclaration>>;
}

const MEMBERS: Record<keyof WebtaskDeclaration, { is: (value: unknown) => boolean; what: string }> = {
  secrets: {
    is: (value) => Array.isArray(value) && value.every((it) => typeof it === 'string'),
    what: 'a list of names',
  },
  params: { is: isObject, what: 'an object' },
  meta: {
    is: (value) => isObject(value) && Object.values(value).every((it) => typeof it === 'string'),
    what: 'an object of texts',
  },
  parseBody: { is: (value) => typeof value === 'boolean', what: 'true or false' },
  mergeBody: { is: (value) => typeof value === 'boolean', what: 'true or false' },
};

/**
 * Reads the project that a folder belongs to: the nearest one upward that has a package.json.
 *
 * @param from - absolute path of a folder
 * @throws PROJECT_INVALID
 */
export function readProject(from: string): Project {
  for (let folder = from; ; folder = dirname(folder)) {
    const file = join(folder, 'package.json');
    if (existsSync(file)) return { folder, webtasks: readDeclarations(file) };
    if (dirname(folder) === folder) return { folder: from, webtasks: {} };
  }
}

function readDeclarations(file: string): Project['webtasks'] {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    fail('PROJECT_INVALID', { file, reason }, { cause });
  }
  const declared: unknown = isObject(content) ? content.webtasks : undefined;
  if (declared === undefined) return {};
  if (!isObject(declared)) fail('PROJECT_INVALID', { file, reason: '"webtasks" is not an object' });
  for (const [name, declaration] of Object.entries(declared)) {
    if (!isObject(declaration)) fail('PROJECT_INVALID', { file, reason: `"webtasks.${name}" is not an object` });
    for (const [member, value] of Object.entries(declaration)) {
      const rule = Object.hasOwn(MEMBERS, member) ? MEMBERS[member as keyof WebtaskDeclaration] : undefined;
      if (!rule) {
        const known = Object.keys(MEMBERS).join(', ');
        fail('PROJECT_INVALID', {
          file,
          reason: `"webtasks.${name}" has the unknown member "${member}"; known are ${known}`,
        });
      }
      if (!rule.is(value))
        fail('PROJECT_INVALID', { file, reason: `"webtasks.${name}.${member}" is not ${rule.what}` });
    }
  }
  return declared as Project['webtasks']; // every member was just checked
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import { basename, dirname, extname } from 'node:path';
import { readProject } from './project.ts';
import { type FoundSecrets, findSecrets, refuseReserved } from './secrets.ts';

/** What a webtask is run with, or has minted into its token. */
export interface WebtaskSettings extends FoundSecrets {
  readonly params: Readonly<Record<string, unknown>>;
  readonly meta: Readonly<Record<string, string>>;
  /** `pb`: 0 never, 1 always, 2 for webtasks with a callback. */
  readonly parseBody: 0 | 1 | 2;
  /** `mb`. */
  readonly mergeBody: boolean;
}

/** What a caller says itself, in place of package.json and `.env`. */
export interface SettingsOverrides {
  /** Names to look up, or values. */
  readonly secrets?: readonly string[] | Readonly<Record<string, string>> | undefined;
  readonly params?: Readonly<Record<string, unknown>> | undefined;
  readonly meta?: Readonly<Record<string, string>> | undefined;
  readonly parseBody?: boolean | undefined;
  readonly mergeBody?: boolean | undefined;
}

/**
 * Collects the settings of a webtask from the caller, package.json, the environment and `.env`, in this order.
 *
 * Bodies are parsed for webtasks with a callback and merged into `context.data`, as `wt create` had it.
 *
 * @param file - absolute path of the webtask
 * @throws SECRET_MISSING, SECRET_RESERVED, PROJECT_INVALID
 * @see protocol reference 3.5
 */
export function webtaskSettings(file: string, overrides: SettingsOverrides = {}, env = process.env): WebtaskSettings {
  const project = readProject(dirname(file));
  const name = webtaskName(file);
  const declared = Object.hasOwn(project.webtasks, name) ? (project.webtasks[name] ?? {}) : {};
  const wanted = overrides.secrets ?? declared.secrets;
  const found = isList(wanted) || wanted === undefined ? findSecrets(project.folder, wanted, env) : given(wanted);
  const parseBody = overrides.parseBody ?? declared.parseBody;
  return {
    ...found,
    params: overrides.params ?? declared.params ?? {},
    meta: overrides.meta ?? declared.meta ?? {},
    parseBody: parseBody === undefined ? 2 : parseBody ? 1 : 0,
    mergeBody: overrides.mergeBody ?? declared.mergeBody ?? true,
  };
}

/** The name of a webtask: that of its file without the ending. */
export function webtaskName(file: string): string {
  return basename(file, extname(file));
}

function isList(value: unknown): value is readonly string[] {
  return Array.isArray(value);
}

function given(secrets: Readonly<Record<string, string>>): FoundSecrets {
  for (const name of Object.keys(secrets)) refuseReserved(name);
  return { secrets, sources: {} };
}

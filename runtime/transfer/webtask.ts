import type { TokenClaims } from '../token/index.ts';
import type { Part } from './report.ts';

/** The claims that a webtask takes along: what it is, and nothing of who issued it, nor what it may issue itself. */
export const MOVED_CLAIMS = [
  ...['url', 'url_sha256', 'pb', 'mb', 'dr', 'host', 'exp', 'nbf', 'pctx'],
  ...['ls', 'lm', 'lh', 'ld', 'lw', 'lo', 'lts', 'ltm', 'lth', 'ltd', 'ltw', 'lto'],
] as readonly (keyof TokenClaims)[];

/** The cron job of a webtask. */
export interface MovedJob {
  readonly schedule: string;
  readonly tz?: string;
  readonly state?: string;
  readonly meta?: Readonly<Record<string, string>>;
  readonly repeat_interrupted?: boolean;
}

/** A webtask on its way. */
export interface MovedWebtask {
  readonly name: string;
  /** Absent where it is at the `url` of the claims, or could not be read. */
  readonly code?: string | undefined;
  readonly claims: TokenClaims;
  readonly meta: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>> | undefined;
  /** JSON text. */
  readonly storage?: string | undefined;
  readonly cron?: MovedJob | undefined;
  /** Parts that it has and that are not here, with the reason. */
  readonly missing: Readonly<Partial<Record<Part, string>>>;
}

/** Why secrets are missing where nobody wanted them. */
export const NOT_ASKED = 'they were not asked for';

/** What a token says of its webtask, less what a cluster wrote about code that it keeps itself. */
export function movedClaims(claims: TokenClaims): TokenClaims {
  const isElsewhere = /^https?:/.test(claims.url ?? '');
  const isMoved = (name: keyof TokenClaims): boolean =>
    claims[name] !== undefined && (isElsewhere || !name.startsWith('url'));
  return Object.fromEntries(MOVED_CLAIMS.filter(isMoved).map((name) => [name, claims[name]]));
}

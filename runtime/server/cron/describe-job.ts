import { parseToken, type TokenClaims } from '../../token/index.ts';
import type { Job } from './job.ts';

/** A job as it is answered with, and as its webtask is given it. */
export interface JobDescription extends Job {
  /** The public base of the cluster. */
  readonly cluster_url: string;
  /** The current token of the webtask; none where there is no such webtask any more. */
  readonly token?: string;
  /** What the token says. */
  readonly token_data?: TokenClaims;
  /** When the token expires, in ISO 8601. */
  readonly expires_at: string | null;
}

/**
 * Describes a job by the token that its webtask has now.
 *
 * @see protocol reference 1.5, 6.5
 */
export function describeJob(job: Job, token: string | undefined, clusterUrl: string): JobDescription {
  const described = { ...job, cluster_url: clusterUrl, expires_at: null };
  if (token === undefined) return described;
  const { claims } = parseToken(token);
  const expires = claims.exp === undefined ? null : new Date(claims.exp * 1000).toISOString();
  return { ...described, token, token_data: claims, expires_at: expires };
}

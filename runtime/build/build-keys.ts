import { type KeySet, loadCertificate, loadKeySet } from '../token/index.ts';

/** Whose keys a build uses. */
export interface BuildKeySources {
  readonly dataFolder: string;
  readonly env: NodeJS.ProcessEnv;
  /** The certificate that secrets are sealed to: PEM, or the path of a PEM file; by default the cluster's of these keys. */
  readonly recipient?: string | undefined;
  /** Whether a cluster issues the tokens, so that nothing is signed here. */
  readonly isIssued: boolean;
}

/**
 * Loads the keys of a build.
 *
 * Where a cluster issues, no key file is read or made.
 *
 * @throws what `loadKeySet` and `loadCertificate` throw
 */
export async function loadBuildKeys({ dataFolder, env, recipient, isIssued }: BuildKeySources): Promise<KeySet> {
  const certificate =
    recipient === undefined ? undefined : await loadCertificate(recipient, '--recipient (WEBTASK_CERTIFICATE)');
  if (isIssued) return { signing: new Map(), current: undefined, certificate, symmetric: undefined };
  const keys = await loadKeySet({ dataFolder, env });
  return certificate === undefined ? keys : { ...keys, certificate };
}

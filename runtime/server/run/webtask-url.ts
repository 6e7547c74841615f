import type { TokenClaims } from '../../token/index.ts';

/**
 * The address at which a webtask runs.
 *
 * @param baseUrl - the cluster's, without a slash at the end
 * @param webtask - `name` where it is stored under one; otherwise its token is part of the address
 * @see protocol reference 6.2
 *
 * @example
 * webtaskUrl('https://wt.example.com', { container: 'shop', name: 'pay' }); // https://wt.example.com/api/run/shop/pay
 */
export function webtaskUrl(
  baseUrl: string,
  webtask: { container: string; host?: string | undefined } & ({ name: string } | { token: string }),
): string {
  const path = 'name' in webtask ? `${webtask.container}/${webtask.name}` : `${webtask.container}?key=${webtask.token}`;
  if (webtask.host === undefined) return `${baseUrl}/api/run/${path}`;
  const { protocol, port } = new URL(baseUrl);
  const host = webtask.host.includes(':') ? `[${webtask.host}]` : webtask.host;
  return `${protocol}//${host}${port && `:${port}`}/${path}`;
}

/** The container of the address of a token without a name: the first that it is good for, where it says so. */
export function firstContainer({ ten }: TokenClaims): string | undefined {
  return ten === undefined || ten.startsWith('/') ? undefined : ten.split(',')[0]?.trim();
}

/**
 * Fetches compilers and middleware on a developer's own machine, from wherever they are.
 *
 * @param url - http or https
 * @throws what `fetchCode` throws
 */
export async function fetchTextAnywhere(url: string): Promise<string> {
  const { fetchCode } = await import('./fetch.ts'); // few webtasks name anything by URL
  return (await fetchCode(url, { publicOnly: false, allowedOrigins: [] })).toString('utf8');
}

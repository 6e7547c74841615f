import type { BuiltToken } from '../runtime/build/index.ts';

/** What is printed beside the tokens. */
export interface PrintedWith {
  readonly container: string;
  /** URL of the server that the printed commands call. */
  readonly server: string;
  /** The file that the tokens are in. */
  readonly out: string;
  /** Whether a cluster issued them, so that it is there to be called. */
  readonly isIssued: boolean;
}

/** How tokens are printed, by the name of the format. */
export const TOKEN_FORMATS = {
  table: printTable,
  json: (tokens: readonly BuiltToken[]) => `${JSON.stringify(tokens, null, 2)}\n`,
  env: (tokens: readonly BuiltToken[]) => lines(tokens.map(({ name, token }) => `${variableName(name)}=${token}`)),
  urls: (tokens: readonly BuiltToken[], { container, server }: PrintedWith) =>
    lines(tokens.map(({ token, webtaskUrl }) => webtaskUrl ?? `${runUrl(server, container)}?key=${token}`)),
} as const;

/** The name of a format. */
export type TokenFormat = keyof typeof TOKEN_FORMATS;

/** Names of secrets and never their values; the token of the last line is one that can be called. */
function printTable(tokens: readonly BuiltToken[], { container, server, out, isIssued }: PrintedWith): string {
  const rows = tokens.map(({ name, url, pinned, secretNames, expires, size }) => [
    name,
    // What a cluster keeps under a name is there to be updated.
    pinned || url.startsWith('webtask:') ? url : `${url} (unpinned)`,
    secretNames.join(', ') || '-',
    expires?.slice(0, 10) ?? 'never',
    String(size),
  ]);
  const [first] = tokens;
  return lines([
    ...align([['name', 'url', 'secrets', 'expires', 'size'], ...rows]),
    `The tokens are in ${out}. ${isIssued ? 'To call the first:' : 'With webtask serve running:'}`,
    // Under a name a webtask is called without its token.
    first?.webtaskUrl !== undefined && !first.webtaskUrl.includes('?key=')
      ? `curl ${first.webtaskUrl}`
      : `curl -H "Authorization: Bearer ${first?.token}" ${first?.webtaskUrl?.replace(/\?key=.*$/, '') ?? runUrl(server, container)}`,
  ]);
}

function align(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** The first of the containers that a token is good for. */
function runUrl(server: string, container: string): string {
  const [name = ''] = container.split(',');
  return `${server.replace(/\/+$/, '')}/api/run/${encodeURIComponent(name.trim())}`;
}

/** `WEBTASK_TOKEN_REVOKE_DYNAMODB` */
function variableName(name: string): string {
  return `WEBTASK_TOKEN_${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}

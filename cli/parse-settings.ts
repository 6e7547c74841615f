/** What the values of settings are, and what is said of those that are none. */
import { InvalidArgumentError } from 'commander';

/** What reaches the process of a container in one piece. */
const MAX_CODE_BYTES = 16 * 1024 * 1024;

export function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new InvalidArgumentError('It is no port: a whole number from 0 to 65535.');
  return port;
}

export function parseCount(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It is no whole number.');
  return Number(text);
}

export function parseMaxCode(text: string): number {
  const bytes = parseCount(text);
  if (bytes > MAX_CODE_BYTES) throw new InvalidArgumentError(`It is more than ${MAX_CODE_BYTES}.`);
  return bytes;
}

export function parseNetwork(text: string): string {
  if (!['public', 'all', 'none'].includes(text)) throw new InvalidArgumentError('It is public, all or none.');
  return text;
}

export function parseIsolation(text: string): string {
  if (!['sandbox', 'process', 'inline'].includes(text)) {
    throw new InvalidArgumentError('It is sandbox, process or inline.');
  }
  return text;
}

export function parseUsers(text: string): string {
  const [, first, last] = /^(\d{1,10})-(\d{1,10})$/.exec(text) ?? [];
  // 0 is root, and the last number of all stands for none.
  if (!(Number(first) > 0 && Number(last) >= Number(first) && Number(last) < 2 ** 32 - 1)) {
    throw new InvalidArgumentError('It is no range of users: write the first and the last, such as 200000-265535.');
  }
  return text;
}

export function parseLogLevel(text: string): string {
  if (!['error', 'info', 'debug'].includes(text)) throw new InvalidArgumentError('It is error, info or debug.');
  return text;
}

export function parseBaseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.search || url.hash || url.username) {
    throw new InvalidArgumentError('It is no base of URLs: write scheme and host, such as https://wt.example.com.');
  }
  return url.href.replace(/\/+$/, '');
}

export function parseDomain(text: string): string {
  if (!/^[a-z0-9-]+(\.[a-z0-9-]+)*$/i.test(text)) {
    throw new InvalidArgumentError('It is no domain: write its name only, such as run.example.com.');
  }
  return text.toLowerCase();
}

export function parseList(text: string): string[] {
  return text
    .split(',')
    .map((it) => it.trim())
    .filter((it) => it !== '');
}

/** A flag adds one origin; the variable holds several with commas between. */
export function parseOrigins(text: string, previous: unknown = []): string[] {
  const origins = text.split(',').map((origin) => origin.trim());
  for (const origin of origins) {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
      throw new InvalidArgumentError(
        `${origin} is no origin: write scheme, host and port only, such as http://127.0.0.1:3000.`,
      );
    }
  }
  return [...(previous as string[]), ...origins]; // commander hands back what this function returned
}

/** Where the values of `context.data` come from. */
export interface DataSources {
  readonly query: Readonly<Record<string, unknown>>;
  readonly params: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, string>>;
  /** The parsed body, where body merging is on. */
  readonly body: unknown;
}

/**
 * Merges what a webtask was given into the one view that is `context.data`.
 *
 * Parameters win over the query and secrets over both; the body only fills names that nothing else has, so that no
 * caller can replace a secret.
 *
 * @see protocol reference 3.4
 */
export function mergeData({ query, params, secrets, body }: DataSources): Record<string, unknown> {
  const data: Record<string, unknown> = {};
  for (const source of [query, params, secrets]) {
    for (const [name, value] of Object.entries(source)) set(data, name, value);
  }
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) {
    for (const [name, value] of Object.entries(body)) {
      if (!Object.hasOwn(data, name)) set(data, name, value);
    }
  }
  return data;
}

/** Defined rather than assigned, so that a key named `__proto__` is a key and not a prototype. */
function set(data: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(data, name, { value, configurable: true, enumerable: true, writable: true });
}

/** An error as the original gave it to callbacks, and as JSON to callers. */
export interface RuntimeError extends Error {
  /** HTTP status. */
  code: number;
  /** What failed. */
  error?: string;
  /** Why. */
  details?: unknown;
}

/**
 * Describes a failure in the words of the original: what failed, and all that is known of its cause but the stack.
 *
 * @param status - HTTP status
 * @param source - what was thrown or returned, of any type
 */
export function createError(status: number, description: string, source: unknown): RuntimeError {
  const { name, message, stack } = (source ?? {}) as Partial<Error>; // whatever it is, it may have these
  const error = Object.assign(new Error(), {
    code: status,
    error: description,
    details: source instanceof Error ? String(source) : source,
    // `undefined` where the source has none, so that JSON has none either.
    name: name as string,
    message: message as string,
  });
  if (stack !== undefined) Object.defineProperty(error, 'stack', { value: stack });
  return error;
}

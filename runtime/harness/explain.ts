import { WebtaskError } from '../errors.ts';

/**
 * Writes into the stack of an error what to do about it, since a test runner shows the stack and nothing else.
 *
 * @returns the same error, which may be explained twice without harm
 */
export function explain(error: unknown): unknown {
  if (error instanceof WebtaskError && error.fix !== undefined) {
    const { message, fix, code, stack = '' } = error;
    const explained = `${message}\n    ${fix} [${code}]`;
    if (!stack.includes(explained)) error.stack = stack.replace(message, () => explained);
  }
  return error;
}

import { type CompiledWebtask, compileWebtask, type ModuleWebtask, type WebtaskSource } from '../compile/index.ts';
import { maskSecrets } from '../context/index.ts';
import { WebtaskError } from '../errors.ts';
import { callInRun } from './active-run.ts';
import { collectOutput, type OutputReceivers } from './output.ts';

/**
 * Compiles a webtask, so that what its code prints or throws while it loads, also later, is known to be its own.
 *
 * @param output - what receives what the code printed, and a sentence about each error that nothing caught, which by
 *   default is a line as any other
 * @throws what {@link compileWebtask} throws; secrets are masked, since the code has them while it loads
 */
export async function loadWebtask(
  source: WebtaskSource,
  given: ModuleWebtask,
  { onThrow, ...receivers }: OutputReceivers & { readonly onThrow?: (sentence: string) => void },
): Promise<CompiledWebtask> {
  const output = collectOutput(receivers);
  const onUncaught = (error: unknown): void => {
    const sentence = `${source.file} was loaded when it threw ${error instanceof Error ? error.stack : String(error)}`;
    if (onThrow) onThrow(sentence);
    else receivers.onLine?.(sentence, 'stderr');
  };
  try {
    return await callInRun({ onUncaught, onOutput: output?.push }, () => compileWebtask(source, given));
  } catch (error) {
    throw error instanceof WebtaskError ? masked(error, maskSecrets(given.secrets)) : error;
  } finally {
    output?.flush();
  }
}

function masked({ code, fields, cause }: WebtaskError, mask: (text: string) => string): WebtaskError {
  const hidden = Object.entries(fields).map(([name, it]) => [name, typeof it === 'string' ? mask(it) : it]);
  // The fields that its text names are those that it had.
  return new WebtaskError(code, Object.fromEntries(hidden) as WebtaskError['fields'] as never, {
    cause: cause instanceof Error ? maskedCause(cause, mask) : cause,
  });
}

/** A copy for readers: test runners show what an error was caused by. */
function maskedCause({ name, message, stack }: Error, mask: (text: string) => string): Error {
  return Object.assign(new Error(mask(message)), { name, stack: stack && mask(stack) });
}

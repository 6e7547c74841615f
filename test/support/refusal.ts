import { WebtaskError } from '../../runtime/errors.ts';

/** The words of an error, as a reader sees them. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly fix: string | undefined;
}

/** What a promise is refused with. Anything but an error of the kit is thrown on. */
export async function refusalOf(promise: Promise<unknown>): Promise<Refusal> {
  const error = await promise.then(
    () => new Error('expected a refusal, and there was none'),
    (error: unknown) => error,
  );
  return wordsOf(error);
}

/** What a call is refused with. Anything but an error of the kit is thrown on. */
export function refusalIn(call: () => unknown): Refusal {
  try {
    call();
  } catch (error) {
    return wordsOf(error);
  }
  throw new Error('expected a refusal, and there was none');
}

function wordsOf(error: unknown): Refusal {
  if (!(error instanceof WebtaskError)) throw error;
  return { code: error.code, message: error.message, fix: error.fix };
}

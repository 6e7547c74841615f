import { WebtaskError } from '../../runtime/errors.ts';

/** What an error of the kit says to whom it stops. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly fix: string | undefined;
}

/** Waits for something to be refused, and gives code, message and way out. */
export async function refusalOf(attempt: Promise<unknown>): Promise<Refusal> {
  try {
    await attempt;
  } catch (error) {
    if (!(error instanceof WebtaskError)) throw error;
    return { code: error.code, message: error.message, fix: error.fix };
  }
  throw new Error('nothing was refused');
}

import { BUILD_ERRORS } from './errors/build.ts';
import { COMPILE_ERRORS } from './errors/compile.ts';
import { DATA_ERRORS } from './errors/data.ts';
import type { ErrorEntry, Fault } from './errors/entry.ts';
import { IDENTITY_ERRORS } from './errors/identity.ts';
import { PROJECT_ERRORS } from './errors/project.ts';
import { RUN_ERRORS } from './errors/run.ts';
import { SERVER_ERRORS } from './errors/server.ts';
import { TOKEN_ERRORS } from './errors/token.ts';

export type { Fault } from './errors/entry.ts';
export { THROWN } from './errors/thrown.ts';

/** Every error: its code, the HTTP status it becomes, who has to act, its text and the way out. */
export const ERRORS = {
  ...COMPILE_ERRORS,
  ...RUN_ERRORS,
  ...PROJECT_ERRORS,
  ...DATA_ERRORS,
  ...TOKEN_ERRORS,
  ...BUILD_ERRORS,
  ...SERVER_ERRORS,
  ...IDENTITY_ERRORS,
} as const satisfies Record<string, ErrorEntry>;

/** The stable code of an error. */
export type ErrorCode = keyof typeof ERRORS;

type FieldNames<Text> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | FieldNames<Rest> : never;
type TextOf<Code extends ErrorCode> = (typeof ERRORS)[Code] extends { fix: infer Fix extends string }
  ? `${(typeof ERRORS)[Code]['text']}${Fix}`
  : (typeof ERRORS)[Code]['text'];

/** The fields that the text of an error names; others may be given beside them. */
export type ErrorFields<Code extends ErrorCode = ErrorCode> = Record<FieldNames<TextOf<Code>>, string | number> &
  Record<string, unknown>;

/**
 * An error of the kit. Match on `code`, never on the message.
 *
 * @example
 * try {
 *   await webtask('webtasks/pay.js');
 * } catch (error) {
 *   if (error instanceof WebtaskError && error.code === 'SECRET_MISSING') console.log(error.fields.name);
 * }
 */
export class WebtaskError<Code extends ErrorCode = ErrorCode> extends Error {
  readonly code: Code;
  /** HTTP status. */
  readonly status: number;
  readonly fault: Fault;
  readonly fields: Record<string, unknown>;
  /** What to do about it, where there is something to do. */
  readonly fix: string | undefined;

  constructor(code: Code, fields: ErrorFields<Code>, options?: ErrorOptions) {
    const entry: ErrorEntry = ERRORS[code];
    super(fill(entry.text, fields), options);
    this.name = 'WebtaskError';
    this.code = code;
    this.status = entry.status;
    this.fault = entry.fault;
    this.fields = fields;
    this.fix = entry.fix === undefined ? undefined : fill(entry.fix, fields);
  }
}

/** What happened to what and why, and in which line of a webtask where that is known, as a sentence. */
export function sentenceOf({ message, fields: { thrownAt } }: WebtaskError): string {
  const text = thrownAt === undefined ? message : `${message} (${thrownAt})`;
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/**
 * Throws the error of that code.
 *
 * @param code - a key of {@link ERRORS}
 * @param fields - what the text names, and anything a handler may want to read
 * @throws the {@link WebtaskError} of that code
 * @example
 * const key = keys.get(kid) ?? fail('TOKEN_KEY_UNKNOWN', { kid });
 */
export function fail<Code extends ErrorCode>(
  code: Code,
  // An error whose text names nothing may be thrown without fields.
  ...[fields, options]: FieldNames<TextOf<Code>> extends never
    ? [fields?: Record<string, unknown>, options?: ErrorOptions]
    : [fields: ErrorFields<Code>, options?: ErrorOptions]
): never {
  throw new WebtaskError(code, (fields ?? {}) as ErrorFields<Code>, options);
}

function fill(template: string, fields: Record<string, unknown>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => String(fields[name]));
}

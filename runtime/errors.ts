/** Who has to act on an error. It decides exit code, log level and whether a stack is shown. */
export type Fault = 'caller' | 'webtask' | 'platform';

interface ErrorEntry {
  /** The HTTP status the error becomes. */
  readonly status: number;
  readonly fault: Fault;
  /** What happened to what, and why. `{name}` is filled from the error's fields. */
  readonly text: string;
  /** What to do about it. `{name}` is filled as in `text`. */
  readonly fix?: string;
}

/** Every error: its code, the HTTP status it becomes, who has to act, its text and the way out. */
export const ERRORS = {
  // compile
  COMPILE_FAILED: { status: 400, fault: 'webtask', text: 'Compilation failed: {reason}' },
  COMPILE_RETURN_IN_MODULE: {
    status: 400,
    fault: 'webtask',
    text: 'Compilation failed: {place} returns at top level, which an ES module cannot do.',
    fix: 'Use export default in place of the return, or require() in place of import and export.',
  },
  COMPILE_SIGNATURE: {
    status: 400,
    fault: 'webtask',
    text: 'The JavaScript function must have one of the following signatures: ([ctx], callback) or (ctx, req, res). It has {length} parameters.',
    fix: 'Parameters with a default and rest parameters do not count, nor do any after them.',
  },
  MODULE_VERSION_MISSING: {
    status: 400,
    fault: 'webtask',
    text: "Compilation failed: Cannot find module '{name}' in version {version}; {found} is installed.",
    fix: 'Install it with: npm install {name}@{version}',
  },
  COMPILE_NOT_A_FUNCTION: {
    status: 400,
    fault: 'webtask',
    text: 'Supplied code must return or export a function. It exported {exported}.',
    fix: 'Assign a function to module.exports, return one at top level, or use export default.',
  },
  // context
  BODY_TOO_LARGE: {
    status: 400,
    fault: 'caller',
    text: 'Script exceeds the size limit.',
    fix: 'Send a body of at most {maxBytes} bytes, or stream it to a webtask (context, req, res).',
  },
  CREATE_TOKEN_UNSUPPORTED: {
    status: 501,
    fault: 'webtask',
    text: "The '{method}' method is not supported in this environment",
  },
  // invoke
  RUN_TIMED_OUT: {
    status: 504,
    fault: 'webtask',
    text: '{webtask} did not answer within {limitMs} ms.',
    fix: 'Call the callback, or end the response, on every path.',
  },
  RUN_CONNECTION_CLOSED: {
    status: 502,
    fault: 'webtask',
    text: '{webtask} closed the connection without an answer.',
  },
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

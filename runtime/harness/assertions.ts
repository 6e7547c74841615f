import { maskOf, type StreamingResponse, type TestResponse } from './response.ts';

declare global {
  namespace Chai {
    interface Assertion {
      /** The response has that status. */
      status(status: number): Assertion;
      /** The response has that JSON body, or any. */
      json(body?: unknown): Assertion;
      /** The response has that header, with that value or one that matches. */
      header(name: string, value?: string | RegExp): Assertion;
      /** The webtask printed that line, or one that matches. */
      log(line: string | RegExp): Assertion;
    }
  }
}

/** An answer of any kind: read to its end, still coming, or recorded. */
type AnyResponse = Pick<TestResponse, 'status' | 'headers'> & Partial<TestResponse & StreamingResponse>;

/**
 * Assertions on responses, for chai's `use`: `status`, `json`, `header` and `log`. A failure shows the response.
 *
 * `webtask-kit/mocha` installs them.
 */
export function webtaskAssertions(chai: Chai.ChaiStatic, utils: Chai.ChaiUtils): void {
  const { Assertion, AssertionError } = chai;

  function responseOf(assertion: Chai.AssertionStatic): AnyResponse {
    const value: unknown = assertion._obj;
    if (typeof value === 'object' && value !== null && 'status' in value && 'headers' in value) {
      return value as AnyResponse; // every answer of the harness has the two
    }
    throw new AssertionError(`expected a response, as task.request() gives it, but got ${utils.inspect(value)}`);
  }

  Assertion.addMethod('status', function (this: Chai.AssertionStatic, status: number) {
    const res = responseOf(this);
    this.assert(
      res.status === status,
      `expected status ${status} but got ${res.status}${show(res)}`,
      `expected a status other than ${status}${show(res)}`,
      status,
      res.status,
    );
  });

  Assertion.addMethod('json', function (this: Chai.AssertionStatic, ...expected: unknown[]) {
    const res = responseOf(this);
    if (expected.length === 0) {
      this.assert(
        res.json !== undefined,
        `expected a JSON body${show(res)}`,
        `expected no JSON body${show(res)}`,
        undefined,
        undefined,
      );
      return;
    }
    const wanted = maskOf(res)(utils.inspect(expected[0]));
    this.assert(
      utils.eql(res.json, expected[0]),
      `expected the JSON body ${wanted}${show(res)}`,
      `expected a JSON body other than ${wanted}${show(res)}`,
      maskTexts(expected[0], maskOf(res)),
      maskTexts(res.json, maskOf(res)),
      true,
    );
  });

  Assertion.addMethod('header', function (this: Chai.AssertionStatic, name: string, value?: string | RegExp) {
    const res = responseOf(this);
    const values = [res.headers[name.toLowerCase()] ?? []].flat();
    const found = value === undefined ? values.length > 0 : values.some((it) => matches(it, value));
    const wanted = maskOf(res)(value === undefined ? `header ${name}` : `header ${name}: ${value}`);
    this.assert(found, `expected ${wanted}${show(res)}`, `expected no ${wanted}${show(res)}`, undefined, undefined);
  });

  Assertion.addMethod('log', function (this: Chai.AssertionStatic, line: string | RegExp) {
    const res = responseOf(this);
    const found = (res.logs ?? []).some((it) => matches(it, line));
    const wanted = maskOf(res)(`printed line ${line}`);
    this.assert(found, `expected a ${wanted}${show(res)}`, `expected no ${wanted}${show(res)}`, undefined, undefined);
  });
}

function matches(text: string, wanted: string | RegExp): boolean {
  return typeof wanted === 'string' ? text === wanted : text.search(wanted) !== -1;
}

/** The response as a reader would want to see it under a failed assertion, without secrets. */
function show(res: AnyResponse): string {
  const headers = Object.entries(res.headers).flatMap(([name, value]) =>
    [value].flat().map((item) => `${name}: ${item}`),
  );
  const logs = (res.logs ?? []).map((line) => `| ${line}`);
  // Masked before it is cut: half a secret is no secret's value.
  const body = maskOf(res)(res.body ?? '');
  const text = body.length > 2000 ? `${body.slice(0, 2000)}…` : body;
  const lines = [`${res.status}`, ...headers, '', ...text.split('\n'), ...logs].map((line) => line && `  ${line}`);
  return maskOf(res)(`\n\n${lines.join('\n').trimEnd()}`);
}

/** A JSON value for mocha's list of differences, without secrets. */
function maskTexts(value: unknown, mask: (text: string) => string): unknown {
  if (typeof value === 'string') return mask(value);
  if (Array.isArray(value)) return value.map((item) => maskTexts(item, mask));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, maskTexts(item, mask)]));
}

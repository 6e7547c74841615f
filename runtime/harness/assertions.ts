import type { TestResponse } from './response.ts';

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

/**
 * Assertions on responses, for chai's `use`: `status`, `json`, `header` and `log`. A failure shows the response.
 *
 * `webtask-kit/mocha` installs them.
 */
export function webtaskAssertions(chai: Chai.ChaiStatic, utils: Chai.ChaiUtils): void {
  const { Assertion } = chai;

  Assertion.addMethod('status', function (this: Chai.AssertionStatic, status: number) {
    const res: TestResponse = this._obj;
    this.assert(
      res.status === status,
      `expected status ${status} but got ${res.status}${show(res)}`,
      `expected a status other than ${status}${show(res)}`,
      status,
      res.status,
    );
  });

  Assertion.addMethod('json', function (this: Chai.AssertionStatic, ...expected: unknown[]) {
    const res: TestResponse = this._obj;
    if (expected.length === 0) {
      this.assert(
        res.json !== undefined,
        `expected a JSON body${show(res)}`,
        `expected no JSON body${show(res)}`,
        undefined,
      );
      return;
    }
    this.assert(
      utils.eql(res.json, expected[0]),
      `expected the JSON body ${utils.inspect(expected[0])}${show(res)}`,
      `expected a JSON body other than ${utils.inspect(expected[0])}${show(res)}`,
      expected[0],
      res.json,
      true,
    );
  });

  Assertion.addMethod('header', function (this: Chai.AssertionStatic, name: string, value?: string | RegExp) {
    const res: TestResponse = this._obj;
    const values = [res.headers[name.toLowerCase()] ?? []].flat();
    const found = value === undefined ? values.length > 0 : values.some((it) => matches(it, value));
    const wanted = value === undefined ? `header ${name}` : `header ${name}: ${value}`;
    this.assert(found, `expected ${wanted}${show(res)}`, `expected no ${wanted}${show(res)}`, value, values.join(', '));
  });

  Assertion.addMethod('log', function (this: Chai.AssertionStatic, line: string | RegExp) {
    const res: TestResponse = this._obj;
    const found = res.logs.some((it) => matches(it, line));
    this.assert(
      found,
      `expected a printed line ${line}${show(res)}`,
      `expected no printed line ${line}${show(res)}`,
      line,
    );
  });
}

function matches(text: string, wanted: string | RegExp): boolean {
  return typeof wanted === 'string' ? text === wanted : wanted.test(text);
}

/** The response as a reader would want to see it under a failed assertion. */
function show(res: TestResponse): string {
  const headers = Object.entries(res.headers).map(([name, value]) => `${name}: ${value}`);
  const logs = res.logs.map((line) => `| ${line}`);
  const body = res.body.length > 2000 ? `${res.body.slice(0, 2000)}…` : res.body;
  return ['', '', `${res.status}`, ...headers, '', body, ...logs].join('\n  ').trimEnd();
}

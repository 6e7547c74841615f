import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { expect } from 'chai';
import fc from 'fast-check';
import { readHeaders } from '../../../../runtime/invoke/http/index.ts';

/** As Node's parser has a message read them. */
function headersOfMessage(rawHeaders: string[]): IncomingMessage['headers'] {
  const message = new IncomingMessage(new Socket());
  // What the parser calls has no public name.
  (message as unknown as { _addHeaderLines(headers: string[], length: number): void })._addHeaderLines(
    rawHeaders,
    rawHeaders.length,
  ); // what the parser calls has no public type
  return message.headers;
}

describe('headers without a message', () => {
  it('are those that Node makes of the same lines, however often a name is repeated', () => {
    const names = ['Host', 'Cookie', 'Set-Cookie', 'set-cookie', 'Age', 'X-Any', 'x-any', 'Content-Type', '__proto__'];
    const line = fc.tuple(fc.constantFrom(...names), fc.string({ maxLength: 8 }));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
        const raw = lines.flat();
        expect(readHeaders(raw)).to.deep.equal(headersOfMessage([...raw]));
      }),
    );
  });
});

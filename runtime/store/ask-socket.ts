import { Agent, type RequestOptions, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { type Answer, errorOf, type Operation } from './api.ts';

/** Asks the process that serves an embedded store. */
export interface Asker {
  /**
   * @param isAgain - whether a connection was lost before, so that none of then is used
   * @returns what it answers; or why it does not, after which it may be asked again
   * @throws the error that its answer is
   */
  ask(operation: Operation, input: object, signal: AbortSignal, isAgain?: boolean): Promise<Answer | Lost>;
  close(): void;
}

/** Why there is no answer: the connection was lost, or the files are being let go of. */
export class Lost {
  readonly error: Error;
  constructor(error: Error) {
    this.error = error;
  }
}

/**
 * Makes what asks over a Unix socket, which takes no credentials and so no signatures: the SDK, which is made for those,
 * takes longer to load than most programs of the kit to run.
 *
 * @param socketPath - of whoever serves the store by then
 */
export function createAsker(socketPath: () => string): Asker {
  const agent = new Agent({ keepAlive: true });
  return {
    async ask(operation, input, signal, isAgain = false) {
      const headers = { 'x-amz-target': `DynamoDB_20120810.${operation}` };
      const where = { socketPath: socketPath(), agent: isAgain ? false : agent, signal, headers };
      const reply = await post(JSON.stringify(input), where).catch((error: Error) => new Lost(error));
      if (reply instanceof Lost) return reply;
      const body = JSON.parse(reply.said);
      if (reply.status === 200) return body;
      if (reply.status >= 500) return new Lost(errorOf(body));
      throw errorOf(body);
    },
    close: () => agent.destroy(),
  };
}

function post(body: string, where: RequestOptions): Promise<{ status: number; said: string }> {
  return new Promise((done, refuse) => {
    const asking = request({ ...where, method: 'POST' }, (response) => {
      text(response).then((said) => done({ status: response.statusCode ?? 500, said }), refuse);
    });
    asking.once('error', refuse).end(body);
  });
}

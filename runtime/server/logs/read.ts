import { fail } from '../../errors.ts';

/** Whose logs are read from where. */
export interface ReadOptions {
  /** The server's base, without a slash at the end. */
  readonly server: string;
  readonly container: string;
  /** The one webtask that is wanted. */
  readonly name?: string | undefined;
  readonly token: string;
}

/**
 * Connects to the logs of a container.
 *
 * @returns the records as they come, each a line of JSON; going through them throws LOGS_ENDED when there are no more
 * @throws LOGS_REFUSED, LOGS_UNREACHABLE
 */
export async function readLogs({ server, container, name, token }: ReadOptions): Promise<AsyncIterable<string>> {
  const query = name === undefined ? '' : `?${new URLSearchParams({ name })}`;
  const url = `${server}/api/logs/tenant/${encodeURIComponent(container)}${query}`;
  const answer = await fetch(url, { headers: { Authorization: `Bearer ${token}` } }).catch((error: Error) =>
    fail('LOGS_UNREACHABLE', { server, container, reason: reasonOf(error) }, { cause: error }),
  );
  const type = answer.headers.get('content-type') ?? 'nothing';
  if (!answer.ok) {
    const reason = messageOf(await answer.text().catch(() => '')) ?? `it answered ${answer.status}`;
    fail(answer.status < 500 ? 'LOGS_REFUSED' : 'LOGS_UNREACHABLE', { server, container, reason });
  }
  if (answer.body === null || !type.startsWith('application/x-ndjson')) {
    return fail('LOGS_UNREACHABLE', { server, container, reason: `it answered with ${type}, and no records` });
  }
  return linesOf(answer.body, () => fail('LOGS_ENDED', { server, container }));
}

async function* linesOf(body: AsyncIterable<Uint8Array>, onEnd: () => never): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for await (const chunk of body) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      yield* lines.filter((line) => line !== '');
    }
  } catch {
    // Cut off in the middle, it is over too.
  }
  onEnd();
}

/** Node says `fetch failed`, and the cause why. */
function reasonOf({ message, cause }: Error): string {
  const { message: why, code } = (cause ?? {}) as Partial<NodeJS.ErrnoException>; // of several addresses, the code alone
  return why || code || message;
}

function messageOf(body: string): string | undefined {
  try {
    const { message } = JSON.parse(body) as { message?: unknown }; // as every error of the API
    return typeof message === 'string' ? message : undefined;
  } catch {
    return undefined;
  }
}

import { rewrite } from '../compile/index.ts';
import type { IssueForRun } from '../context/index.ts';
import { WebtaskError } from '../errors.ts';
import type { Documents, Key } from '../store/index.ts';
import type { Call, Result } from './messages.ts';

/** What the server does for a webtask that runs in a worker. */
export interface Answers {
  /** Where its document is; absent for one without a name. */
  readonly storageKey?: Key | undefined;
  readonly openDocuments: () => Promise<Documents>;
  /** Fetches code of compilers and middleware. */
  readonly fetchText: (url: string) => Promise<string>;
}

/**
 * Does what a worker asks for. The server knows which webtask that is for: a worker can name no other.
 *
 * What failed on the platform's side is told by its code and with its details masked: they name addresses, folders and
 * tables of the server. Of code that is fetched they are about a URL of the webtask's own, and are told.
 *
 * @param issue - issues tokens for the run that asks
 * @param code - what it asks about, where that is code
 * @returns what to send; failures too
 */
export async function answerCall(
  call: Call,
  answers: Answers | undefined,
  issue: IssueForRun | undefined,
  code?: Buffer,
): Promise<Result> {
  try {
    return answers === undefined ? refused('There is no such webtask.') : await doCall(call, answers, issue, code);
  } catch (error) {
    const { code: what, fault, fields } = error instanceof WebtaskError ? error : new WebtaskError('INTERNAL', {});
    const isOpen = fault !== 'platform' || call.what === 'fetch';
    const told = isOpen ? fields : Object.fromEntries(Object.keys(fields).map((name) => [name, '***']));
    return { error: { message: what, code: what, fields: told } };
  }
}

async function doCall(
  call: Call,
  { storageKey, openDocuments, fetchText }: Answers,
  issue: IssueForRun | undefined,
  code: Buffer = NO_BYTES,
): Promise<Result> {
  switch (call.what) {
    case 'document': {
      if (storageKey === undefined) return refused('There is no storage here.');
      const documents = await openDocuments();
      const { write, value, expected } = call;
      if (write === 'put') return { value: await documents.put(storageKey, value, { expected }) };
      if (write === 'remove') return { value: await documents.remove(storageKey, expected) };
      return { value: await documents.get(storageKey) };
    }
    case 'issue':
      if (!issue) return refused('No tokens are issued here.');
      return { value: await issue(call.requested) };
    case 'fetch':
      return { value: await fetchText(String(call.url)) };
    case 'translate':
      // Whether Node understands it as it is, the worker has seen: to see that takes time.
      return {
        value: await rewrite(
          code.toString('utf8').replace(/^\uFEFF/, ''),
          String(call.file),
          call.language === 'typescript' ? call.language : 'javascript',
        ),
      };
    default:
      return refused('There is no such call.');
  }
}

const NO_BYTES = Buffer.alloc(0);

function refused(message: string): Result {
  return { error: { message } };
}

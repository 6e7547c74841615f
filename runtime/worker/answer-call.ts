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
 * @param issue - issues tokens for the run that asks
 * @returns what to send; failures too
 */
export async function answerCall(
  call: Call,
  answers: Answers | undefined,
  issue: IssueForRun | undefined,
): Promise<Result> {
  try {
    if (answers === undefined) throw new Error('There is no such webtask.');
    return { value: await doCall(call, answers, issue) };
  } catch (error) {
    if (!(error instanceof WebtaskError)) return { error: { message: String(error) } };
    return { error: { message: error.message, code: error.code, fields: error.fields } };
  }
}

async function doCall(
  call: Call,
  { storageKey, openDocuments, fetchText }: Answers,
  issue: IssueForRun | undefined,
): Promise<unknown> {
  switch (call.what) {
    case 'document': {
      if (storageKey === undefined) throw new Error('There is no storage here.');
      const documents = await openDocuments();
      const { write, value, expected } = call;
      if (write === 'put') return documents.put(storageKey, value, { expected });
      if (write === 'remove') return documents.remove(storageKey, expected);
      return documents.get(storageKey);
    }
    case 'issue':
      if (!issue) throw new Error('No tokens are issued here.');
      return issue(call.requested);
    case 'fetch':
      return fetchText(String(call.url));
    case 'translate':
      // Whether Node understands it as it is, the worker has seen: to see that takes time.
      return rewrite(
        String(call.code).replace(/^\uFEFF/, ''),
        String(call.file),
        call.language === 'typescript' ? call.language : 'javascript',
      );
    default:
      throw new Error('There is no such call.');
  }
}

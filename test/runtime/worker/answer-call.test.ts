import { expect } from 'chai';
import { WebtaskError } from '../../../runtime/errors.ts';
import { createDocuments, createMemoryStore, type Documents } from '../../../runtime/store/index.ts';
import { type Answers, answerCall } from '../../../runtime/worker/answer-call.ts';

describe('what a worker is told of what its server does for it', () => {
  const answers = (more: Partial<Answers> = {}): Answers => ({
    storageKey: { partition: 'storage/acme', sort: 'pay' },
    openDocuments: async () => createDocuments(createMemoryStore()),
    fetchText: async () => 'code',
    ...more,
  });
  const READ = { of: 1, what: 'document' } as const;
  const failing = (error: Error): Partial<Answers> => ({
    openDocuments: async (): Promise<Documents> => {
      throw error;
    },
  });

  it('is nothing of where the store is, or why it does not answer', async () => {
    const error = new WebtaskError('STORE_UNREACHABLE', { reason: 'connect ECONNREFUSED 10.0.0.7:8000' });
    expect(await answerCall(READ, answers(failing(error)), undefined)).to.deep.equal({
      error: { message: 'STORE_UNREACHABLE', code: 'STORE_UNREACHABLE', fields: { reason: '***' } },
    });
  });

  it('is of its own document, whatever other it names', async () => {
    const documents = createDocuments(createMemoryStore());
    const mine = { partition: 'storage/acme', sort: 'pay' };
    const others = { partition: 'storage/others', sort: 'pay' };
    await documents.put(mine, 'mine');
    await documents.put(others, 'theirs');
    const its = answers({ openDocuments: async () => documents });
    for (const more of [{}, { write: 'put', value: 'changed' }, { write: 'remove' }] as const) {
      const call = {
        ...READ,
        ...more,
        key: others,
        storageKey: others,
        container: 'others',
        partition: 'storage/others',
      };
      expect(JSON.stringify(await answerCall(call, its, undefined))).not.to.contain('theirs');
    }
    expect(await documents.get(mine)).to.equal(undefined);
    expect(await documents.get(others)).to.include({ value: 'theirs' });
  });

  it('is nothing of what the platform did not foresee', async () => {
    const error = new TypeError("cannot read '/srv/data/keys'");
    expect(await answerCall(READ, answers(failing(error)), undefined)).to.deep.equal({
      error: { message: 'INTERNAL', code: 'INTERNAL', fields: {} },
    });
  });

  it('is all that it can change itself: what is wrong with what it asked for', async () => {
    const error = new WebtaskError('STORE_ITEM_TOO_LARGE', { bytes: 2, maxBytes: 1 });
    expect(await answerCall(READ, answers(failing(error)), undefined)).to.deep.equal({
      error: { message: 'STORE_ITEM_TOO_LARGE', code: 'STORE_ITEM_TOO_LARGE', fields: { bytes: 2, maxBytes: 1 } },
    });
  });

  it('is why code is not there that it named by a URL of its own', async () => {
    const fields = { url: 'https://example.com/a.js', reason: 'HTTP 404' };
    const fetchText = async (): Promise<string> => {
      throw new WebtaskError('CODE_UNREACHABLE', fields);
    };
    const call = { of: 1, what: 'fetch', url: fields.url } as const;
    expect(await answerCall(call, answers({ fetchText }), undefined)).to.deep.equal({
      error: { message: 'CODE_UNREACHABLE', code: 'CODE_UNREACHABLE', fields },
    });
  });

  it('is in our words that there is no such thing', async () => {
    const message = async (...given: Parameters<typeof answerCall>) => (await answerCall(...given)) as unknown;
    expect([
      await message(READ, undefined, undefined),
      await message(READ, answers({ storageKey: undefined }), undefined),
      await message({ of: 1, what: 'issue', run: 1, requested: {} }, answers(), undefined),
      await message({ of: 1, what: 'other' } as never, answers(), undefined), // as a worker may send it
    ]).to.deep.equal(
      [
        'There is no such webtask.',
        'There is no storage here.',
        'No tokens are issued here.',
        'There is no such call.',
      ].map((it) => ({ error: { message: it } })),
    );
  });
});

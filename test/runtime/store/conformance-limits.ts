import { expect } from 'chai';
import type { Item } from '../../../runtime/store/index.ts';
import { type Bench, KEY, textOf } from './conformance.ts';

/** What every store takes and refuses as value and key. */
export function specifyLimits({ store, write, maxBytes }: Bench): void {
  const sorts = (items: readonly Item[]): string[] => items.map(({ sort }) => sort);

  describe('a value', () => {
    it(`may have ${maxBytes} bytes of JSON`, async () => {
      const value = textOf(maxBytes);
      await write(KEY, value);
      expect((await store().get(KEY))?.value).to.equal(value);
    });

    it('is refused by name above that, and leaves what was there', async () => {
      await write(KEY, 'before');
      const bytes = maxBytes + 1;
      await refuses(store().put(KEY, textOf(bytes)), {
        code: 'STORE_ITEM_TOO_LARGE',
        message: `A value of ${bytes} bytes is too large; ${maxBytes} fit.`,
        status: 413,
      });
      expect((await store().get(KEY))?.value).to.equal('before');
    });

    it('is measured in bytes, not in characters', async () => {
      const value = 'é'.repeat(maxBytes / 2);
      await refuses(store().put(KEY, value), {
        code: 'STORE_ITEM_TOO_LARGE',
        message: `A value of ${maxBytes + 2} bytes is too large; ${maxBytes} fit.`,
        status: 413,
      });
    });
  });

  describe('a key', () => {
    for (const sort of [
      'ключ',
      '日本語',
      '😀',
      'a/b',
      '../..',
      ' ',
      'a b',
      '~',
      '\u0000',
      '\uffff',
      '"\\',
      '__proto__',
      'é',
      'e\u0301',
    ]) {
      it(`may be ${JSON.stringify(sort)}`, async () => {
        const key = { partition: 'ä/b', sort };
        const version = await write(key, sort);
        expect(await store().get(key)).to.deep.equal({ ...key, version, value: sort });
        expect(sorts(await store().list('ä/b', { limit: 10 }))).to.deep.equal([sort]);
        expect((await store().remove(key, version)).ok).to.equal(true);
      });
    }

    it('is its own: no other spelling and no other partition finds it', async () => {
      await write({ partition: 'p', sort: 'é' }, 1);
      for (const other of [
        { partition: 'p', sort: 'e\u0301' },
        { partition: 'P', sort: 'é' },
        { partition: 'p/', sort: 'é' },
      ]) {
        expect(await store().get(other)).to.equal(undefined);
      }
    });

    it('may be as long as DynamoDB takes it', async () => {
      const key = { partition: 'p', sort: 'é'.repeat(512) };
      await write(key, textOf(maxBytes));
      expect((await store().get(key))?.sort).to.equal(key.sort);
    });

    for (const [what, key, reason] of [
      ['an empty sort key', { partition: 'p', sort: '' }, 'its sort key is empty'],
      ['an empty partition', { partition: '', sort: 's' }, 'its partition is empty'],
      [
        'a sort key of 1025 bytes',
        { partition: 'p', sort: 's'.repeat(1025) },
        'its sort key has 1025 bytes, and 1024 fit',
      ],
      [
        'a partition of 2049 bytes',
        { partition: 'p'.repeat(2049), sort: 's' },
        'its partition has 2049 bytes, and 2048 fit',
      ],
      ['half a character', { partition: 'p', sort: 'a\ud800' }, 'its sort key is no valid Unicode'],
    ] as const) {
      it(`is refused by name with ${what}, whatever is asked`, async () => {
        const refusal = { code: 'STORE_KEY_INVALID', message: `An item cannot have this key: ${reason}.`, status: 400 };
        await refuses(store().get(key), refusal);
        await refuses(store().put(key, 1), refusal);
        await refuses(store().remove(key), refusal);
      });
    }
  });
}

async function refuses(promise: Promise<unknown>, expected: Record<string, unknown>): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).to.be.instanceOf(Error).that.includes(expected);
}

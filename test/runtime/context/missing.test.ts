import { inspect } from 'node:util';
import { runInThisContext } from 'node:vm';
import { expect } from 'chai';
import { nearestName } from '../../../runtime/context/index.ts';
import { watchMissing } from '../../../runtime/context/missing.ts';

const GIVEN = { API_KEY: 'k', region: 'eu' };

/** What is reported while a record is used. */
function reported(kind: 'secrets' | 'params' | 'data', use: (record: Record<string, unknown>) => unknown): string[] {
  const sentences: string[] = [];
  use(watchMissing<Record<string, unknown>>({ ...GIVEN }, kind, Object.keys(GIVEN), (it) => sentences.push(it)));
  return sentences;
}

describe('a name that is read and was never given', () => {
  it('is reported, with the nearest name that was given', () => {
    expect(reported('secrets', (secrets) => secrets.APIKEY)).to.deep.equal([
      'context.secrets.APIKEY was read, but no secret of that name was given. Did you mean API_KEY?',
    ]);
    expect(reported('params', (params) => params.regoin)).to.deep.equal([
      'context.params.regoin was read, but no parameter of that name was given. Did you mean region?',
    ]);
  });

  it('is reported without a guess where none is near', () => {
    expect(reported('secrets', (secrets) => secrets.STRIPE_KEY)).to.deep.equal([
      'context.secrets.STRIPE_KEY was read, but no secret of that name was given.',
    ]);
  });

  it('is reported once', () => {
    expect(reported('secrets', (secrets) => [secrets.A_B, secrets.A_B, secrets.C_D])).to.have.length(2);
  });

  it('is reported where it is taken apart', () => {
    expect(reported('secrets', ({ A_B, API_KEY }) => [A_B, API_KEY])).to.have.length(1);
  });

  it('is undefined all the same', () => {
    expect(reported('secrets', (secrets) => expect(secrets.A_B).to.equal(undefined))).to.have.length(1);
  });

  it('is reported in data where it is near to a given one, or written as secrets are', () => {
    const read = (data: Record<string, unknown>) => [data.apikey, data.STRIPE_KEY, data.page, data.PAGE, data.Page_No];
    expect(reported('data', read)).to.deep.equal([
      'context.data.apikey was read, but no secret of that name was given. Did you mean API_KEY?',
      'context.data.STRIPE_KEY was read, but no secret of that name was given.',
    ]);
  });
});

describe('a record that is watched', () => {
  const unchanged: [string, (record: Record<string, unknown>) => unknown][] = [
    ['read a name that was given', (record) => [record.API_KEY, record.region]],
    ['JSON.stringify', (record) => JSON.stringify(record)],
    ['JSON.stringify of what holds it', (record) => JSON.stringify({ record })],
    ['Object.keys', (record) => Object.keys(record)],
    ['Object.entries', (record) => Object.entries(record)],
    ['a spread', (record) => ({ ...record })],
    [
      'for in',
      (record) => {
        const names = [];
        for (const name in record) names.push(name);
        return names;
      },
    ],
    ['in', (record) => ['API_KEY' in record, 'A_B' in record]],
    [
      'hasOwnProperty',
      (record) => [Object.hasOwn(record, 'A_B'), Reflect.apply({}.hasOwnProperty, record, ['region'])],
    ],
    ['util.inspect', (record) => inspect(record)],
    ['util.inspect of what holds it', (record) => inspect({ record }, { depth: 5 })],
    ['String', (record) => `${record}`],
    [
      'structure',
      (record) => [Array.isArray(record), typeof record, Object.getPrototypeOf(record) === Object.prototype],
    ],
    ['what assertions ask', (record) => [record.asymmetricMatch, record.nodeType, record.length, record.inspect]],
    ['what a promise asks', (record) => record.then],
    ['a symbol', (record) => Reflect.get(record, Symbol.iterator)],
    [
      'an assignment',
      (record) => {
        record.A_B = 1;
        return record.A_B;
      },
    ],
    [
      'a removal',
      (record) => {
        delete record.region;
        return Object.keys(record);
      },
    ],
  ];
  for (const [what, use] of unchanged) {
    it(`is as it was, and says nothing: ${what}`, () => {
      let seen: unknown;
      const sentences = reported('secrets', (record) => {
        seen = use(record);
      });
      expect(seen).to.deep.equal(use({ ...GIVEN }));
      expect(sentences).to.deep.equal([]);
    });
  }

  it('may be awaited', async () => {
    const sentences: string[] = [];
    const record = watchMissing({ ...GIVEN }, 'secrets', [], (it) => sentences.push(it));
    expect(await record).to.deep.equal(GIVEN);
    expect(sentences).to.deep.equal([]);
  });

  it('says nothing of what an installed module reads, which can do without it', () => {
    const installed = runInThisContext('(record) => record.EXT_STORAGE_URL', {
      filename: '/app/node_modules/tools/index.js',
    }) as (record: object) => unknown;
    expect(reported('secrets', (record) => installed(record))).to.deep.equal([]);
    expect(reported('secrets', (record) => [installed(record), record.EXT_STORAGE_URL])).to.have.length(1);
  });
});

describe('the nearest name', () => {
  for (const [wanted, names, nearest] of [
    ['API_KYE', ['API_KEY', 'REGION'], 'API_KEY'],
    ['api_key', ['API_KEY'], 'API_KEY'],
    ['APIKEY', ['API_KEY'], 'API_KEY'],
    ['STRIPE_SECRET', ['STRIPE_SECRETS_', 'STRIPE_SECRETS'], 'STRIPE_SECRETS'],
    ['uri', ['url'], 'url'],
    ['ID', ['id'], 'id'],
    ['q', ['a', 'pq', 'Q'], 'Q'],
    ['q', ['a', 'pq'], undefined],
    ['id', ['ip', 'ids'], undefined],
    ['TOKEN', ['STRIPE_KEY'], undefined],
    ['API_KEY', [], undefined],
    ['API_KEY', ['API_KEY'], undefined],
    ['', ['a'], undefined],
  ] as const) {
    it(`of ${JSON.stringify(wanted)} among ${JSON.stringify(names)} is ${nearest ?? 'none'}`, () => {
      expect(nearestName(wanted, names)).to.equal(nearest);
    });
  }
});

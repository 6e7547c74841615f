import { expect } from 'chai';
import type { CodeStoreClient } from '../../../../runtime/server/registry/code-store-webtask.ts';
import { createNames } from '../../../../runtime/server/registry/names.ts';
import { createRegistry, type NamedWebtask, type Registry } from '../../../../runtime/server/registry/registry.ts';
import { createMemoryStore } from '../../../../runtime/store/index.ts';
import { signToken } from '../../../../runtime/token/index.ts';
import { hmacKey, keySet, NOW } from '../../../support/keys.ts';
import { refusalOf } from '../../../support/refusal.ts';

const keys = keySet([hmacKey('k')]);

describe('names that the webtask of the code resolves', () => {
  let embedded: Registry;
  let tokens: Map<string, string | null>;
  let asked: string[];
  let fault: 'get' | 'put' | undefined;
  let gate: Promise<void>;
  /** What the next calls of putToken wait for. */
  let held: Promise<void>[];
  let time: number;
  let names: Registry;

  beforeEach(() => {
    const store = createMemoryStore();
    embedded = createRegistry(async () => store, { isOwnHost: () => false }, 1000);
    tokens = new Map();
    asked = [];
    fault = undefined;
    gate = Promise.resolve();
    held = [];
    time = 0;
    names = open();
  });

  function open(registry = embedded): Registry {
    const client: CodeStoreClient = {
      putCode: () => Promise.reject(new Error('there is no code in this')),
      async putToken(container, name, token) {
        if (fault === 'put') throw new Error('no');
        await held.shift();
        tokens.set(`${container}/${name}`, token ?? null);
      },
      async getToken(container, name) {
        asked.push(`${container}/${name}`);
        const found = tokens.get(`${container}/${name}`);
        await gate;
        if (fault === 'get') throw new Error('no');
        return found;
      },
      isItself: (container, name) => container === 'ops' && name === 'store',
    };
    return createNames(registry, client, () => time);
  }
  const webtask = (name: string, version = 1, container = 'dev'): Omit<NamedWebtask, 'version'> => {
    const meta = { v: String(version) };
    return { container, name, token: signToken({ ten: container, jtn: name, meta }, keys, NOW + version), meta };
  };
  const read = async (from = names): Promise<string | undefined> => (await from.getNamed('dev', 'a'))?.meta.v;

  it('are believed for ten seconds, so that another server’s update is seen after no more than that', async () => {
    const other = open(createRegistry(async () => createMemoryStore(), { isOwnHost: () => false }, 1000));
    await names.putNamed(webtask('a'));
    expect(await read(other)).to.equal('1');
    await names.putNamed(webtask('a', 2));
    time = 9_999;
    expect(await read(other)).to.equal('1');
    time = 10_000;
    expect(await read(other)).to.equal('2');
    expect(asked).to.have.lengthOf(2);
  });

  it('are seen at once where they were written', async () => {
    await names.putNamed(webtask('a'));
    await names.putNamed(webtask('a', 2));
    expect(await read()).to.equal('2');
    expect(asked).to.deep.equal([]);
  });

  it('are asked for once by many at the same time', async () => {
    await open().putNamed(webtask('a'));
    const found = await Promise.all(Array.from({ length: 100 }, () => read()));
    expect(new Set(found)).to.deep.equal(new Set(['1']));
    expect(asked).to.have.lengthOf(1);
  });

  it('are not forgotten for an answer that was on its way when they were written', async () => {
    await open().putNamed(webtask('a'));
    let letGo = (): void => undefined;
    gate = new Promise((resolve) => {
      letGo = resolve;
    });
    const early = read();
    await new Promise((resolve) => setImmediate(resolve));
    await names.putNamed(webtask('a', 2));
    letGo();
    await early;
    expect(await read()).to.equal('2');
  });

  it('are unknown, not absent, where the webtask gives no answer: also those believed until then', async () => {
    await names.putNamed(webtask('a'));
    fault = 'get';
    expect(await read()).to.equal('1');
    time = 10_000;
    expect(await refusalOf(names.getNamed('dev', 'a'))).to.deep.equal({
      code: 'NAME_UNRESOLVED',
      message: 'unable to resolve jtn to webtask token',
      fix: undefined,
    });
    fault = undefined;
    expect(await read()).to.equal('1');
  });

  it('are those from before, where the webtask never heard of them, until they are written again', async () => {
    await embedded.putNamed(webtask('a'));
    expect(await read()).to.equal('1');
    expect(tokens.size).to.equal(0);
    const { token } = await names.putNamed(webtask('a', 2));
    expect(tokens.get('dev/a')).to.equal(token);
  });

  it('are gone for good where they were removed, also from before', async () => {
    await embedded.putNamed(webtask('a'));
    expect(await names.removeNamed('dev', 'a')).to.include({ name: 'a' });
    expect(await read()).to.equal(undefined);
    expect(await read(open())).to.equal(undefined);
    expect(await names.removeNamed('dev', 'a')).to.equal(undefined);
  });

  it('are not taken as removed where the webtask was not told, and the removal can be repeated', async () => {
    await names.putNamed(webtask('a'));
    fault = 'put';
    await names.removeNamed('dev', 'a').catch(() => undefined);
    expect(await read()).to.equal('1');
    fault = undefined;
    expect(await names.removeNamed('dev', 'a')).to.include({ name: 'a' });
    expect(await read()).to.equal(undefined);
  });

  it('are not replaced where they are not what was expected, and nothing is told', async () => {
    const { version } = await names.putNamed(webtask('a'));
    await names.putNamed(webtask('a', 2), version);
    expect((await refusalOf(names.putNamed(webtask('a', 3), version))).code).to.equal('NAME_CHANGED');
    expect(await read()).to.equal('2');
  });

  it('are the last that was written, also where its token overtakes that of another server', async () => {
    let letGo = (): void => undefined;
    held = [
      new Promise((resolve) => {
        letGo = resolve;
      }),
    ];
    const slow = names.putNamed(webtask('a'));
    await new Promise((resolve) => setImmediate(resolve)); // it is written, and its token is on its way
    const { token } = await open().putNamed(webtask('a', 2));
    letGo();
    await slow;
    expect(tokens.get('dev/a')).to.equal(token);
  });

  it('are never asked for the webtask that keeps them, which would wait for itself', async () => {
    await names.putNamed(webtask('store', 1, 'ops'));
    expect((await names.getNamed('ops', 'store'))?.meta).to.deep.equal({ v: '1' });
    expect(await names.removeNamed('ops', 'store')).to.include({ name: 'store' });
    expect([asked, [...tokens]]).to.deep.equal([[], []]);
  });
});
